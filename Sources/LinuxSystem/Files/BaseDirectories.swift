private import CSystem
internal import Glibc
private import Synchronization

/// The directories from which the files of a root are opened, each opened once.
///
/// A child process has closed what its parent had open, so it opens them again.
final class BaseDirectories: Sendable {
    private struct Opened {
        var generation: Int32 = 0
        var descriptors: [String: Int32] = [:]
    }

    private let opened = Mutex(Opened())

    deinit {
        opened.withLock { opened in
            guard opened.generation == daxswitch_generation() else { return }
            for descriptor in opened.descriptors.values { close(descriptor) }
        }
    }

    /// The directory at `path`, links followed; it stays open as long as this object lives.
    ///
    /// - Throws: `SystemError` with the errno.
    func descriptor(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = opened.withLock { opened in
            let generation = daxswitch_generation()
            if opened.generation != generation { opened = Opened(generation: generation) }
            if let known = opened.descriptors[path] { return known }
            let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            if descriptor >= 0 { opened.descriptors[path] = descriptor }
            return descriptor
        }
        if descriptor < 0 { throw .failing("open \(path)") }
        return descriptor
    }
}

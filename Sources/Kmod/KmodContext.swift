private import CKmod
private import Glibc
private import LinuxSystem

/// libkmod, set on one modules directory and one configuration.
///
/// libkmod is not thread safe (its module objects cache answers without a lock), so a context has one owner and stays
/// where it was made. It reads the indexes once: make a new context after depmod ran.
///
/// Beyond its parameters libkmod always reads the host's `/proc/cmdline`, for `MODULE.OPTION=` and
/// `modprobe.blacklist=`, and the environment variable KMOD_LOG.
@safe
package struct KmodContext: ~Copyable {
    /// Where module states are read.
    package let reader: ModuleReader
    /// The modules directory, absolute.
    package let modulesDirectory: String
    /// The modules directory has `modules.dep.bin`. Without it nothing but loaded modules is found.
    package let hasIndex: Bool

    let handle: ContextHandle
    private let log: LogSink

    /// Opens a modules directory.
    /// - Parameters:
    ///   - modulesDirectory: the directory with `modules.dep.bin`; nil for the running kernel's below `/lib/modules`.
    ///   - configurationPaths: modprobe.d directories or files; empty for none; nil for libkmod's own
    ///     (`/etc/modprobe.d`, `/run/modprobe.d`, …), which are the host's. `modules.softdep` in the modules directory
    ///     is always read.
    ///   - reader: where module states are read. One of a recorded machine makes every change throw `.recordedRoot`.
    ///   - log: gets libkmod's log, information and worse. The configuration is read before it can be set: a bad line
    ///     there is told on stderr, by libkmod.
    /// - Throws: `.corruptIndex`, `.unreadable`, `.failed`.
    package init(
        modulesDirectory: String? = nil,
        configurationPaths: [String]? = nil,
        reader: ModuleReader = ModuleReader(),
        log: (@Sendable (KmodLogLine) -> Void)? = nil
    ) throws(KmodError) {
        let context = try Self.open(modulesDirectory, configurationPaths)
        // Set even if nobody listens: libkmod's own writes to stderr what the typed errors say already.
        let sink = LogSink(log ?? { _ in })
        sink.attach(to: context)
        if log != nil { unsafe kmod_set_log_priority(context.pointer, LOG_INFO) }

        let directory = unsafe String(cString: kmod_get_dirname(context.pointer))
        hasIndex = try ModuleIndex.check(directory: directory)
        // Maps the files that were just found sound; left to itself libkmod opens them again for each look-up.
        // It fails where an index is missing, and then libkmod does that.
        _ = unsafe kmod_load_resources(context.pointer)

        self.modulesDirectory = directory
        self.reader = reader
        self.log = sink
        handle = context
    }

    private static func open(_ directory: String?, _ paths: [String]?) throws(KmodError) -> ContextHandle {
        errno = 0
        var pointer: OpaquePointer?
        if let paths {
            var strings = unsafe paths.map { unsafe strdup($0) }
            defer { unsafe strings.forEach { unsafe free($0) } }
            // A null pointer instead of this list would mean the host's configuration; an empty list means none.
            unsafe strings.append(nil)
            let list = unsafe strings.map { unsafe UnsafePointer<CChar>($0) }
            unsafe pointer = list.withUnsafeBufferPointer { list in unsafe kmod_new(directory, list.baseAddress) }
        } else {
            unsafe pointer = kmod_new(directory, nil)
        }
        guard let pointer = unsafe pointer else {
            throw KmodError(.failed, "libkmod can't be set up", cause: errno == 0 ? nil : ErrorNumber(errno))
        }
        return unsafe ContextHandle(owning: pointer)
    }
}

/// libkmod's objects may only be used by one thread at a time.
@available(*, unavailable)
extension KmodContext: Sendable {}

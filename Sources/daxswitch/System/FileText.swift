import Glibc
import LinuxSystem
import Policy

/// Whole files that a person names on the command line.
enum FileText {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Where a symbolic link leads; nil where there is none.
    static func linkTarget(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The text of a plan, opened once: what `distrust` has looked at is what is read.
    ///
    /// - Throws: `PlanFileError`; `Failure` where it is not to be acted on.
    static func read(_ path: String, distrust: PolicyLibrary.Distrust = { _, _ in nil }) throws -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PlanFileError(file: path, place: nil, message: errorText(errno)) }
        defer { close(descriptor) }
        if let why = distrust(descriptor, path) { throw Failure(distrusting: path, why) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count < 0 {
                throw PlanFileError(file: path, place: nil, message: "it can't be read: \(errorText(errno))")
            }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PlanFileError(file: path, place: nil, message: "it is not UTF-8 text")
        }
        return text
    }

    /// Writes a file as one act, so that a reader never sees half of it and a full disk leaves what was there; a device, a
    /// pipe or an open file is written into.
    static func write(_ text: String, to path: String) throws(Failure) {
        let bytes = Array(text.utf8)
        do {
            switch WriteTarget(path) {
            case .file(let file): try WholeFile.replace(file, with: bytes)
            case .stream(let place): try WholeFile.fill(place, with: bytes)
            case .descriptor(let descriptor): try WholeFile.fill(descriptor: descriptor, with: bytes)
            }
        } catch {
            throw Failure(.failed, code: "not-written", "\(path) is not written: \(error)")
        }
    }
}

/// What `errno` means, in words.
func errorText(_ error: Int32) -> String { ErrorNumber(error).text }

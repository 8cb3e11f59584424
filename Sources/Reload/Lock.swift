import CSystem
import Glibc

/// The lock that only one daxswitch at a time has; given back with its owner, also by a crash.
public struct Lock: ~Copyable {
    private let file: File

    /// Takes the lock.
    ///
    /// - Throws: `ReloadError` `.busy` naming the process that has it, or `.unavailable`.
    public init(_ state: StateDirectory) throws(ReloadError) {
        file = try Self.take(state)
    }

    private static func take(_ state: StateDirectory) throws(ReloadError) -> File {
        try StateDirectory.makeParents(of: state.lock)
        let file = try File(state.lock, O_RDWR | O_CREAT)
        if flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { throw .failing("lock \(state.lock)") }
            throw ReloadError(.busy, "another daxswitch is at work\(holder(file.descriptor)); try again later")
        }
        if ftruncate(file.descriptor, 0) != 0 { throw .failing("write \(state.lock)") }
        try file.append(Array("\(getpid())\n".utf8))
        return file
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).filter(\.isNumber)
        return text.isEmpty ? "" : " (pid \(text))"
    }
}

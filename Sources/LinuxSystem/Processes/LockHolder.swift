private import CSystem
private import Glibc

/// Who has the lock, as the lock file says.
struct LockHolder: Equatable {
    var pid: Int32
    /// When it took the lock, UTC.
    var since: String
    var command: String

    /// This process, now.
    static var current: LockHolder {
        var seconds = time(nil)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        var digits = [CChar](repeating: 0, count: 32)
        unsafe strftime(&digits, digits.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        let words = (0..<daxswitch_argument_count()).compactMap { index in
            unsafe daxswitch_argument(index).map { unsafe String(cString: $0) }
        }
        let command = words.enumerated().map { index, word in
            index == 0 ? word.split(separator: "/").last.map(String.init) ?? word : word
        }
        return LockHolder(
            pid: getpid(),
            since: String(decoding: digits.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
            command: command.joined(separator: " ").filter { !$0.isNewline }
        )
    }

    /// Whether there is a process of that number.
    var isAlive: Bool { kill(pid, 0) == 0 || errno == EPERM }

    /// As it stands in the file: pid, time and command, a line each.
    var text: String { "\(pid)\n\(since)\n\(command)\n" }
}

extension LockHolder {
    /// Reads the file's text; nil where its owner has not written all of it yet.
    init?(parsing text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, let pid = Int32(lines[0]) else { return nil }
        self.init(pid: pid, since: String(lines[1]), command: String(lines[2]))
    }
}

extension LockHolder: CustomStringConvertible {
    /// `pid 12, "daxswitch apply hmem", since 2026-11-23T08:44:51Z`
    var description: String { "pid \(pid), \"\(command)\", since \(since)" }
}

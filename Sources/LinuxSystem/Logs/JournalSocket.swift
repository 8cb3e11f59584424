private import CSystem

/// systemd-journald, where one listens (systemd.io, "Native Journal Protocol").
package struct JournalSocket: Sendable {
    private let path: String

    /// The socket that a journald listens on.
    package init(path: String = "/run/systemd/journal/socket") { self.path = path }

    /// Sends one entry; whether it went. Without a journald, or while it is busy, nothing happens.
    @discardableResult
    package func send(_ fields: [(name: String, value: String)]) -> Bool {
        let bytes = fields.flatMap { Self.field($0.name, $0.value) }
        return unsafe bytes.withUnsafeBytes { unsafe daxswitch_send_datagram(path, $0.baseAddress, $0.count) } != 0
    }

    /// `NAME=VALUE`; a value with a line end goes behind its size, 64 bits, the lowest first. Escaped, but for line ends:
    /// `journalctl` indents what follows one.
    static func field(_ name: String, _ value: String) -> [UInt8] {
        let content = Array(value.escaped(keepsLines: true).utf8)
        guard content.contains(UInt8(ascii: "\n")) else { return Array("\(name)=".utf8) + content + [10] }
        let size = UInt64(content.count)
        return Array("\(name)\n".utf8) + (0..<8).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) } + content + [10]
    }
}

import Inspection
import LinuxSystem
import Machine

/// Replaces what names the host in a capture or a report, everywhere alike: equal values have equal replacements, so what
/// belongs together still does.
struct Redaction {
    /// The replacements by the value.
    private var ids: [String: String] = [:]
    private var hosts: [String] = []
    private var serials: [String: String] = [:]

    private static let hostPath = "/proc/sys/kernel/hostname"
    /// In place of the host's name.
    static let host = "redacted-host"
    /// Where names stand between other words. A host may be named as a driver is, so elsewhere no word is looked at.
    private static let texts = ["/dmesg", "/kmsg", "/proc/cmdline", hostPath]

    /// Nothing yet.
    init() {}

    /// Replaces the name and the id of a host, and the id of its boot.
    mutating func add(_ host: Host, bootID: String?) {
        if let bootID { ids[bootID] = "00000000-0000-4000-8000-000000000001" }
        if let id = host.id { ids[id] = "0000000000000001" }
        // The name in full first, then its first part.
        if let name = host.name, !name.isEmpty, !["localhost", "(none)"].contains(name) {
            hosts += [name] + (name.parts(at: ".").count > 1 ? name.parts(at: ".").prefix(1).map(String.init) : [])
        }
    }

    /// Replaces the id of a machine (`/etc/machine-id`).
    mutating func add(machineID: String) { ids[machineID] = String(repeating: "0", count: 31) + "1" }

    /// What is to be replaced in `capture`.
    init(of capture: Capture) {
        func word(_ path: String) -> String? {
            capture.file(path).map { String(decoding: $0, as: UTF8.self).trimmed }.flatMap { $0.isEmpty ? nil : $0 }
        }
        add(Host(id: word("/host-id"), name: word(Self.hostPath)), bootID: word("/proc/sys/kernel/random/boot_id"))
        let parameter = "systemd.machine_id="
        for machine in (word("/proc/cmdline") ?? "").fields() where machine.hasPrefix(parameter) {
            add(machineID: String(machine.dropFirst(parameter.count)))
        }
        for case (let path, .file(let bytes)) in capture.members.map({ ($0.path, $0.kind) }) where Self.isSerial(path) {
            let value = String(decoding: bytes, as: UTF8.self).trimmed
            add(serial: value)
        }
        // Also of devices that are gone.
        let facts = capture.file(RememberedFacts.path).flatMap { RememberedFacts(parsing: $0) }
        let layouts = facts?.decoders?.regions.compactMap(\.layout) ?? []
        for device in layouts.flatMap(\.targets).compactMap(\.device) { add(serial: device.serial) }
    }

    private mutating func add(serial: String) {
        if serials[serial] == nil { serials[serial] = "0x\(String(serials.count + 1, radix: 16))" }
    }

    /// `text` without these values.
    func applied(to text: String) -> String {
        var bytes = Array(text.utf8)
        for (value, replacement) in ids { bytes = bytes.replacing(value, replacement) }
        for host in hosts { bytes = bytes.replacing(host, Self.host) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `capture` without these values.
    func applied(to capture: Capture) -> Capture {
        capture.changing { path, bytes in
            if Self.isSerial(path) {
                let value = String(decoding: bytes, as: UTF8.self).trimmed
                return Array("\(serials[value] ?? "0x0")\n".utf8)
            }
            if path.hasPrefix("/sys/firmware/") || path.hasSuffix(".ko") { return bytes }
            var bytes = bytes
            for (value, replacement) in ids { bytes = bytes.replacing(value, replacement) }
            if path == RememberedFacts.path { return replacingSerials(in: bytes) }
            guard Self.texts.contains(path) else { return bytes }
            for host in hosts { bytes = bytes.replacing(host, Self.host) }
            // A short number may well be another one.
            for (value, replacement) in serials where value.utf8.count >= 8 {
                bytes = bytes.replacing(value, replacement)
            }
            return bytes
        }
    }

    /// In the facts a serial number is a value of its own, so a short one is replaced too; all at once, since a replacement may
    /// be the number of another device.
    private func replacingSerials(in bytes: [UInt8]) -> [UInt8] {
        let key = "\"serial\":\""
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: key, omittingEmptySubsequences: false)
        let rest = parts.dropFirst().map { part in
            let value = part.prefix { $0 != "\"" }
            return (serials[String(value)] ?? "0x0") + part.dropFirst(value.count)
        }
        return Array((parts.prefix(1).map(String.init) + rest).joined(separator: key).utf8)
    }

    /// The serial number of a memory device or of any other one.
    private static func isSerial(_ path: String) -> Bool { path.hasSuffix("/serial") }
}

extension [UInt8] {
    /// Every place where `value` stands as a word replaced.
    fileprivate func replacing(_ value: String, _ replacement: String) -> [UInt8] {
        let wanted = Array(value.utf8)
        guard !wanted.isEmpty, count >= wanted.count else { return self }
        var result: [UInt8] = []
        var start = 0
        var index = 0
        while index + wanted.count <= count {
            guard self[index] == wanted[0], self[index..<index + wanted.count].elementsEqual(wanted),
                index == 0 || !Self.isOfWord(self[index - 1]),
                index + wanted.count == count || !Self.isOfWord(self[index + wanted.count])
            else {
                index += 1
                continue
            }
            result += self[start..<index] + Array(replacement.utf8)
            index += wanted.count
            start = index
        }
        return start == 0 ? self : result + self[start...]
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}

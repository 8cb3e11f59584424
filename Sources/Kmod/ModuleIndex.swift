private import Glibc
private import LinuxSystem

/// Checks an index that depmod wrote (`modules.dep.bin` and its kind) before libkmod maps it into memory.
///
/// libkmod 30 follows the offsets in these files unchecked (`index_mm_read_node()` in libkmod/libkmod-index.c), so a
/// file that was cut short kills the process. The format, from the head of that file: magic, version and the offset of
/// the root node, big endian; a node is an optional prefix, an optional row of children and optional values, and the
/// offset's upper four bits say which. depmod writes the root node last, so a shorter file never has all of it.
struct ModuleIndex {
    private let bytes: [UInt8]
    private var position = 0

    /// Every node that can be reached lies within the file.
    static func isSound(_ bytes: [UInt8]) -> Bool {
        var index = ModuleIndex(bytes: bytes)
        return index.check()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func check() -> Bool {
        guard let magic = readWord(), magic == 0xB007_F457,
            let version = readWord(), version >> 16 == 2,
            let root = readWord()
        else { return false }

        var pending = [root]
        // A node takes a byte at least, so more visits than bytes mean that the offsets run in a circle.
        var visitsLeft = bytes.count + 1
        while let node = pending.popLast() {
            guard visitsLeft > 0, checkNode(node, &pending) else { return false }
            visitsLeft -= 1
        }
        return true
    }

    private mutating func checkNode(_ node: UInt32, _ pending: inout [UInt32]) -> Bool {
        position = Int(node & Self.offsetMask)
        guard position <= bytes.count else { return false }
        // Offset 0 is the magic: it stands for "no node".
        if position == 0 { return true }

        if node & Self.hasPrefix != 0, !skipText() { return false }
        if node & Self.hasChildren != 0 {
            // libkmod has room for 128 children (INDEX_CHILDMAX), since names and aliases are ASCII.
            guard let first = readByte(), let last = readByte(), first <= last, last < 128 else { return false }
            for _ in first...last {
                guard let child = readWord() else { return false }
                if child & Self.offsetMask != 0 { pending.append(child) }
            }
        }
        if node & Self.hasValues != 0 {
            guard let count = readWord() else { return false }
            // Each takes its priority and the end of its text; checked first as libkmod allocates by this number.
            guard Int(count) <= (bytes.count - position) / 5 else { return false }
            for _ in 0..<count {
                guard readWord() != nil, skipText() else { return false }
            }
        }
        return true
    }

    private mutating func readByte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func readWord() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        var word: UInt32 = 0
        for byte in bytes[position..<position + 4] { word = word << 8 | UInt32(byte) }
        position += 4
        return word
    }

    private mutating func skipText() -> Bool {
        while position < bytes.count {
            position += 1
            if bytes[position - 1] == 0 { return true }
        }
        return false
    }

    private static let hasPrefix: UInt32 = 0x8000_0000
    private static let hasValues: UInt32 = 0x4000_0000
    private static let hasChildren: UInt32 = 0x2000_0000
    private static let offsetMask: UInt32 = 0x0FFF_FFFF
}

extension ModuleIndex {
    /// Checks each index of a modules directory that is there.
    /// - Returns: whether `modules.dep.bin` is among them.
    /// - Throws: `.corruptIndex`, `.unreadable`.
    static func check(directory: String) throws(KmodError) -> Bool {
        var hasDependencies = false
        for name in names {
            let path = "\(directory)/\(name).bin"
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try File(path, O_RDONLY, follows: true).readAll()
            } catch {
                if error.code == .notFound { continue }
                throw KmodError(.unreadable, "\(path) can't be read", cause: error.number)
            }
            // depmod leaves this one empty where there is no modules.builtin.modinfo, and libkmod does without it.
            if bytes.isEmpty, name == "modules.builtin.alias" { continue }
            guard isSound(bytes) else {
                throw KmodError(.corruptIndex(path), "\(path) is damaged. Run depmod, which writes it again")
            }
            if name == "modules.dep" { hasDependencies = true }
        }
        return hasDependencies
    }

    /// What `kmod_load_resources()` opens (`index_files` in libkmod/libkmod.c).
    private static let names = [
        "modules.dep", "modules.alias", "modules.symbols", "modules.builtin.alias", "modules.builtin",
    ]
}

/// A name that is safe to hand to libkmod and to put in a path below `/sys/module`.
struct ModuleName: Sendable, Equatable {
    /// With underscores, as the kernel writes it.
    let text: String

    /// - Throws: `.invalidName` for what no file of a module can be called.
    init(_ text: String) throws(KmodError) {
        // A NUL would cut the name short in C, a slash would lead out of /sys/module.
        let bytes = text.utf8
        let isPlain = !bytes.contains { $0 <= 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "/") }
        guard isPlain, !bytes.isEmpty, bytes.count <= Self.longest, bytes.first != UInt8(ascii: ".") else {
            throw KmodError(.invalidName, "\(text.debugDescription) can't be the name of a module")
        }
        // The kernel does the same to KBUILD_MODNAME, libkmod in modname_normalize().
        self.text = String(text.map { $0 == "-" ? "_" : $0 })
    }

    /// Longer than MODULE_NAME_LEN (56), and a file's name at most.
    private static let longest = 255
}

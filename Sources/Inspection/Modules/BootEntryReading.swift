internal import LinuxSystem
package import Machine

/// Reads what the boot loader starts this host's kernels with: GRUB's configuration, and the entries of the boot loader
/// specification. A unified kernel image has its command line inside and is not read.
package struct BootEntryReading {
    private let tree: any FileTree

    /// The entries of the host below `tree`.
    package init(tree: any FileTree) { self.tree = tree }

    private static let configurations = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"]
    private static let directories = ["/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"]

    /// The files that can have entries.
    package func files() -> [String] {
        Self.configurations.filter(tree.exists)
            + Self.directories.flatMap { directory in
                tree.optionalNames(in: directory).filter { $0.hasSuffix(".conf") }.map { "\(directory)/\($0)" }
            }
    }

    /// The entries with the root file system of the running kernel, which was started with `line`: others are of other systems.
    package func entries(startedWith line: KernelCommandLine) -> [BootEntry] {
        let root = line.rootFileSystem
        return files().flatMap { path in
            Self.configurations.contains(path) ? configuration(path) : specification(path)
        }.filter { $0.commandLine.rootFileSystem == root }
    }

    /// Lines `linux PATH WORDS`, also `linuxefi` and `linux16`.
    private func configuration(_ path: String) -> [BootEntry] {
        tree.optionalText(path).utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let words = line.split(maxSplits: 2, whereSeparator: Self.isSpace)
            guard words.count > 1, Self.keywords.contains(where: words[0].elementsEqual) else { return nil }
            let options = words.count > 2 ? String(Substring(words[2])) : ""
            return BootEntry(file: path, commandLine: KernelCommandLine(options))
        }
    }

    private static let keywords = ["linux", "linuxefi", "linux16"].map(\.utf8)

    /// Lines `options WORDS`, of which there may be several.
    private func specification(_ path: String) -> [BootEntry] {
        let options = tree.optionalText(path).utf8.split(separator: UInt8(ascii: "\n")).compactMap { line -> String? in
            let words = line.split(maxSplits: 1, whereSeparator: Self.isSpace)
            guard words.count > 1, words[0].elementsEqual("options".utf8) else { return nil }
            return String(Substring(words[1]))
        }
        guard !options.isEmpty else { return [] }
        return [BootEntry(file: path, commandLine: KernelCommandLine(options.joined(separator: " ")))]
    }

    /// Whether a line of one of the files has the command line of a kernel.
    package static func isCommandLine(_ line: Substring) -> Bool {
        guard let word = line.utf8.split(maxSplits: 1, whereSeparator: isSpace).first else { return false }
        return (keywords + ["options".utf8]).contains(where: word.elementsEqual)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

extension KernelCommandLine {
    /// The last `root=`.
    fileprivate var rootFileSystem: String? { parameters.values(of: "root").last }
}

internal import Glibc
internal import Machine

/// The configuration of modprobe, in the order in which libkmod takes it: where it looks for one line, the first counts.
///
/// Not `modules.softdep`, which comes after all of this. Files of others that can't be read count for nothing.
package struct ModprobeConfiguration: Sendable {
    /// A line that is no comment.
    package struct Line: Sendable, Equatable {
        /// The file that it stands in.
        package let file: String
        /// Its number there, the first is 1; of a line that goes on over several, the first of them.
        package let number: Int
        /// The words of it: the keyword, a module or a pattern for modules, and the rest.
        package let words: [String]
    }

    /// All of it.
    package let lines: [Line]

    /// The configuration that the next boot of the machine in `tree` has.
    package static func ofNextBoot(_ tree: any FileTree) -> ModprobeConfiguration {
        ModprobeFiles(tree).configuration(isOfNextBoot: true)
    }

    /// The line of `keyword` that counts for `module` (underscores): the first whose pattern fits
    /// (libkmod/libkmod-module.c: kmod_module_get_softdeps(), kmod_module_get_install_commands()).
    package func line(_ keyword: String, for module: String) -> Line? {
        lines.first { line in
            guard line.words.count > 1, line.words[0] == keyword else { return false }
            return unsafe fnmatch(underscored(line.words[1]), module, 0) == 0
        }
    }

    /// The soft dependencies of `module` (underscores); nil where no line is about it.
    func softDependencies(of module: String) -> SoftDependencies? {
        line("softdep", for: module).flatMap { SoftDependencies($0.words) }
    }
}

/// The files of modprobe's configuration, each read once.
package struct ModprobeFiles {
    /// What libkmod was built with, in the order in which a file hides those of its name in the directories behind
    /// (libkmod/libkmod.c: default_config_paths).
    package static let directories = [
        "/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d",
    ]
    private static let parameter = "initcall_blacklist=\(KernelCommandLine.cxlAcpiInitcall)"
    private static let own = [Inspector.holdPath, Inspector.persistedPath]

    private let names: ConfigurationFiles
    /// The lines of each file that counts now or at the next boot, and of those that daxswitch writes.
    private var files: [String: [ModprobeConfiguration.Line]] = [:]
    private var errors: [String: InspectionError] = [:]
    /// `persist` wrote down that the boot loader has a parameter for what is persisted.
    private(set) var namesBootParameter = false

    /// The files of the machine in `tree`.
    init(_ tree: any FileTree) {
        names = ConfigurationFiles(tree, in: Self.directories, suffix: ".conf")
        for path in Set(paths(isOfNextBoot: false) + paths(isOfNextBoot: true) + Self.own) {
            do throws(InspectionError) {
                let text = try tree.read(path)
                files[path] = text.map { Self.lines($0, of: path) }
                if path == Inspector.persistedPath, let text {
                    namesBootParameter = String(decoding: text, as: UTF8.self).contains(Self.parameter)
                }
            } catch {
                errors[path] = error
            }
        }
    }

    /// What modprobe goes by now, or where nothing is left in `/run`.
    func configuration(isOfNextBoot: Bool) -> ModprobeConfiguration {
        ModprobeConfiguration(lines: paths(isOfNextBoot: isOfNextBoot).flatMap { files[$0] ?? [] })
    }

    /// The words of the lines of a file that daxswitch writes; nil where it is not there.
    func ownLines(_ path: String) throws(InspectionError) -> [[String]]? {
        if let error = errors[path] { throw error }
        return files[path]?.map(\.words)
    }

    /// By the names of the files, whatever directory they are in (libkmod/libkmod-config.c: conf_files_insert_sorted()).
    private func paths(isOfNextBoot: Bool) -> [String] {
        names.paths { !isOfNextBoot || !$0.hasPrefix("/run/") }.map { (path: $0, name: $0.fileName) }
            .filter { $0.name.first != UInt8(ascii: ".") }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }.map(\.path)
    }

    /// A backslash before a line end makes the line go on, a comment too; before another byte it is dropped, and that byte
    /// is taken as it is (shared/util.c: freadline_wrapped()). A line ends at a NUL byte, as C strings do.
    private static func lines(_ text: [UInt8], of path: String) -> [ModprobeConfiguration.Line] {
        var lines: [ModprobeConfiguration.Line] = []
        var line: [UInt8] = []
        var (number, ends) = (1, 0)
        var isEscaped = false
        func finish() {
            let words = line.prefix { $0 != 0 }.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                .map { String(decoding: $0, as: UTF8.self) }
            if let first = words.first, !first.hasPrefix("#") {
                lines.append(ModprobeConfiguration.Line(file: path, number: number, words: words))
            }
            line = []
        }
        for byte in text {
            let isEnd = byte == UInt8(ascii: "\n")
            if isEnd { ends += 1 }
            if isEnd && !isEscaped {
                finish()
                number = ends + 1
            } else if !isEscaped && byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            } else if !isEnd {
                line.append(byte)
            }
            isEscaped = false
        }
        finish()
        return lines
    }
}

extension String {
    /// The bytes behind the last slash of a path.
    fileprivate var fileName: Substring.UTF8View {
        self[(utf8.lastIndex(of: UInt8(ascii: "/")).map(utf8.index(after:)) ?? startIndex)...].utf8
    }
}

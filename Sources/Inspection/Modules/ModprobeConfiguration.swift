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

    /// What libkmod was built with, in the order in which a file hides those of its name in the directories behind
    /// (libkmod/libkmod.c: default_config_paths).
    private static let directories = [
        "/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d",
    ]

    /// The configuration below the root of `tree`; `isOfNextBoot` leaves out what lies in `/run`.
    package init(_ tree: some FileTree, isOfNextBoot: Bool) {
        var files: [String: String] = [:]
        for directory in Self.directories where !(isOfNextBoot && directory.hasPrefix("/run/")) {
            for name in ((try? tree.list(directory)) ?? nil) ?? []
            where name.hasSuffix(".conf") && !name.hasPrefix(".") && files[name] == nil {
                files[name] = "\(directory)/\(name)"
            }
        }
        lines = files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { _, path in
            Self.lines(((try? tree.text(path)) ?? nil) ?? "", of: path)
        }
    }

    /// A backslash at its end makes a line go on, a comment too (libkmod/libkmod-util.c: getline_wrapped()).
    private static func lines(_ text: String, of path: String) -> [Line] {
        var lines: [Line] = []
        var begun: (number: Int, text: String)?
        for (index, part) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = (number: begun?.number ?? index + 1, text: (begun?.text ?? "") + part)
            if line.text.hasSuffix("\\") {
                begun = (line.number, String(line.text.dropLast()))
                continue
            }
            begun = nil
            let words = words(line.text)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            lines.append(Line(file: path, number: line.number, words: words))
        }
        return lines
    }

    static func words(_ line: String) -> [String] {
        line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    }

    /// The line of `keyword` that counts for `module` (underscores): the first whose pattern fits
    /// (libkmod/libkmod-module.c: kmod_module_get_softdeps(), kmod_module_get_install_commands()).
    package func line(_ keyword: String, for module: String) -> Line? {
        lines.first { line in
            guard line.words.count > 1, line.words[0] == keyword else { return false }
            return unsafe fnmatch(underscored(line.words[1]), module, 0) == 0
        }
    }

    /// The modules that the softdep line for `module` names, before and after it; nil where there is no such line.
    func softDependencies(of module: String) -> [String]? {
        line("softdep", for: module).map { $0.words.dropFirst(2).filter { !$0.hasSuffix(":") }.map { underscored($0) } }
    }
}

internal import Glibc
internal import Machine

/// Reads what the host's own configuration says to modprobe about the modules that decide who owns.
///
/// modprobe.d(5): the files of all directories are one list, sorted by name; of two of one name the earlier directory's
/// counts. Of several lines about a module the first counts, among those the lines of `modules.softdep` at the place of that
/// name; a module with soft dependencies has no install command (libkmod: kmod_config_new(), conf_files_insert_sorted(),
/// __kmod_module_fill_softdep(); seen with kmod 30 and 34). A look-up by name takes an alias of the configuration before
/// the name (kmod_module_new_from_lookup()).
public struct ModprobeReading {
    private let tree: any FileTree

    /// The configuration of a machine.
    public init(tree: any FileTree) { self.tree = tree }

    private static let directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map { "\($0)/modprobe.d" }
    private static let modules = ["cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port", "dax_hmem"]
    /// What libkmod sorts the lines of depmod by.
    private static let index = "modules.softdep"

    /// One line, in words; names with underscores.
    private struct Entry {
        var line: ModprobeSettings.Line
        var name: String
        var words: [String]

        func isAbout(_ module: String) -> Bool { unsafe fnmatch(words[1], module, 0) == 0 }
        /// A soft dependency from here counts before that of depmod's list.
        var isBeforeIndex: Bool { name < ModprobeReading.index }
    }

    /// The files that say something about these modules, by path; those that daxswitch wrote are not among them.
    public func files() -> [String] { Set(entries().map(\.line.path)).sorted() }

    func read(_ table: ModuleTable) -> ModprobeSettings {
        let entries = entries()
        var settings = ModprobeSettings()
        for module in Self.modules where !table.builtin.contains(module) {
            guard let (line, isCertain) = obstacle(to: module, entries, table) else { continue }
            if isCertain { settings.keptOut[module] = line } else { settings.doubtful[module] = line }
        }
        let soft = entries.first { $0.words[0] == "softdep" && $0.isAbout("dax_hmem") }
        if let soft, soft.isBeforeIndex || table.softDependencies.map({ $0["dax_hmem"] == nil }) == true {
            settings.hmemSoftDependencies = Self.before(soft)
        }
        return settings
    }

    /// The line that keeps `module` out, or may.
    private func obstacle(
        to module: String,
        _ entries: [Entry],
        _ table: ModuleTable
    ) -> (ModprobeSettings.Line, isCertain: Bool)? {
        if let alias = entries.first(where: { $0.words[0] == "alias" && $0.isAbout(module) }), alias.words[2] != module
        {
            return (alias.line, alias.words[2] == "off")
        }
        guard let install = entries.first(where: { $0.words[0] == "install" && $0.isAbout(module) }) else { return nil }
        let command = install.words.dropFirst(2).map { $0.split(separator: "/").last.map(String.init) ?? "" }
        let isNothing = command == ["false"] || command == ["true"]
        switch hasSoftDependencies(module, entries, table) {
        case true?: return nil
        case false?: return (install.line, isNothing)
        case nil: return (install.line, false)
        }
    }

    /// Nil where it is not known what depmod's list has.
    private func hasSoftDependencies(_ module: String, _ entries: [Entry], _ table: ModuleTable) -> Bool? {
        let own = entries.first { $0.words[0] == "softdep" && $0.isAbout(module) }
        if let own, own.isBeforeIndex { return own.words.dropFirst(2).contains { !$0.hasSuffix(":") } }
        guard let listed = table.softDependencies else { return nil }
        if listed[module] != nil { return true }
        return own.map { $0.words.dropFirst(2).contains { !$0.hasSuffix(":") } } ?? false
    }

    /// The names behind `pre:`.
    private static func before(_ entry: Entry) -> [String] {
        var isPre = false
        return entry.words.dropFirst(2).filter { word in
            if word.hasSuffix(":") { isPre = word == "pre:" }
            return isPre && !word.hasSuffix(":")
        }
    }

    /// The lines about these modules, in the order in which they count.
    private func entries() -> [Entry] {
        var files: [(name: String, path: String)] = []
        for directory in Self.directories {
            for name in names(directory) where name.hasSuffix(".conf") && !name.hasPrefix(".") {
                if !files.contains(where: { $0.name == name }) { files.append((name, "\(directory)/\(name)")) }
            }
        }
        let others = files.filter { $0.path != Inspector.holdPath && $0.path != Inspector.persistedPath }
        return others.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .flatMap { entries(in: $0.path, name: $0.name) }
    }

    private func entries(in path: String, name: String) -> [Entry] {
        var result: [Entry] = []
        var begun = ""
        var first = 0
        for (index, line) in text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if begun.isEmpty { first = index + 1 }
            // A backslash joins the next line.
            if line.hasSuffix("\\") {
                begun += line.dropLast()
                continue
            }
            let words = (begun + line).split(whereSeparator: \.isWhitespace).map(String.init)
            begun = ""
            let isWhole =
                ["alias", "install", "softdep"].contains(words.first) && words.count >= 3
            guard isWhole else { continue }
            let line = ModprobeSettings.Line(path: path, number: first, text: words.joined(separator: " "))
            let isCommand = words[0] == "install"
            let names = words.enumerated().map { place, word in
                place == 0 || isCommand && place > 1 ? word : String(word.map { $0 == "-" ? "_" : $0 })
            }
            let entry = Entry(line: line, name: name, words: names)
            if Self.modules.contains(where: entry.isAbout) { result.append(entry) }
        }
        return result
    }

    private func names(_ path: String) -> [String] {
        do { return try tree.list(path) ?? [] } catch { return [] }
    }

    private func text(_ path: String) -> String {
        do { return try tree.text(path) ?? "" } catch { return "" }
    }
}

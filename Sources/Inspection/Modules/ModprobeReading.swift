internal import Glibc
internal import LinuxSystem
internal import Machine

/// Reads what the host's own configuration says to modprobe about the modules that decide who owns.
///
/// Of several lines about a module the first counts, among those the lines of `modules.softdep` at the place of that name in
/// the list of all files; a module with soft dependencies has no install command (libkmod: kmod_config_new(), conf_files_insert_sorted(),
/// __kmod_module_fill_softdep(); seen with kmod 30 and 34). A look-up by name takes an alias of the configuration before
/// the name (kmod_module_new_from_lookup()).
package struct ModprobeReading {
    private let entries: [Entry]
    /// The host's own lines.
    private let lines: [ModprobeConfiguration.Line]

    /// The configuration of the machine in `tree`.
    package init(tree: any FileTree) { self.init(ModprobeFiles(tree).configuration(isOfNextBoot: false)) }

    /// What modprobe goes by now.
    init(_ configuration: ModprobeConfiguration) {
        lines = configuration.lines.filter { $0.file != Inspector.holdPath && $0.file != Inspector.persistedPath }
        entries = lines.compactMap(Self.entry)
    }

    private static let modules = ["cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port", "dax_hmem"]
    /// What libkmod sorts the lines of depmod by.
    private static let index = "modules.softdep"

    /// One line, in words; names with underscores.
    private struct Entry {
        var line: ModprobeSettings.Line
        var name: String
        var words: [String]

        func isAbout(_ module: String) -> Bool { unsafe fnmatch(words[1], module, 0) == 0 }
        var softDependencies: SoftDependencies? { SoftDependencies(words) }
        /// A soft dependency from here counts before that of depmod's list.
        var isBeforeIndex: Bool { name < ModprobeReading.index }
    }

    /// The files that say something about these modules, by path; those that daxswitch wrote are not among them.
    package func files() -> [String] {
        let counting = ModuleTable.switched.flatMap { module in Self.keywords.flatMap { lines($0, for: module) } }
        return Set(entries.map(\.line.path) + counting.map(\.file)).sorted()
    }

    /// What the configuration says, where `table` has the modules.
    func settings(_ table: ModuleTable) -> ModprobeSettings {
        var settings = ModprobeSettings()
        settings.settings = ModuleTable.switched.flatMap { module in
            Self.keywords.compactMap { setting($0, of: module) }
        }
        for module in Self.modules where !table.builtin.contains(module) {
            guard let (line, isCertain) = obstacle(to: module, table) else { continue }
            if isCertain { settings.keptOut[module] = line } else { settings.doubtful[module] = line }
        }
        let soft = entries.first { $0.words[0] == "softdep" && $0.isAbout("dax_hmem") }
        if let soft, soft.isBeforeIndex || table.softDependencies.map({ $0["dax_hmem"] == nil }) == true {
            settings.hmemSoftDependencies = soft.softDependencies?.before
        }
        return settings
    }

    private static let keywords = ["alias", "blacklist", "install", "options", "softdep"]

    /// What counts for a module by one keyword; nil if nothing is said.
    private func setting(_ keyword: String, of module: String) -> ModprobeSettings.Setting? {
        let counting = lines(keyword, for: module)
        guard let first = counting.first else { return nil }
        return ModprobeSettings.Setting(
            keyword: keyword,
            module: module,
            value: counting.flatMap { $0.words.dropFirst(2) }.joined(separator: " "),
            line: ModprobeSettings.Line(first)
        )
    }

    /// The lines of a keyword that count for a module: all `options`, and of others the first. Names of `blacklist` and
    /// `options` are no patterns (libkmod/libkmod-module.c: module_is_blacklisted(), kmod_module_get_options()).
    private func lines(_ keyword: String, for module: String) -> [ModprobeConfiguration.Line] {
        let found = lines.filter { line in
            guard line.words[0] == keyword, line.words.count > 1 else { return false }
            let name = underscored(line.words[1])
            if keyword == "blacklist" || keyword == "options" { return name == module }
            guard line.words.count > 2 else { return false }
            return unsafe fnmatch(name, module, 0) == 0
        }
        return keyword == "options" ? found : Array(found.prefix(1))
    }

    /// The line that keeps `module` out, or may.
    private func obstacle(to module: String, _ table: ModuleTable) -> (ModprobeSettings.Line, isCertain: Bool)? {
        if let alias = entries.first(where: { $0.words[0] == "alias" && $0.isAbout(module) }), alias.words[2] != module
        {
            return (alias.line, alias.words[2] == "off")
        }
        guard let install = entries.first(where: { $0.words[0] == "install" && $0.isAbout(module) }) else { return nil }
        let command = install.words.dropFirst(2).map { $0.parts(at: "/").last.map(String.init) ?? "" }
        let isNothing = command == ["false"] || command == ["true"]
        switch hasSoftDependencies(module, table) {
        case true?: return nil
        case false?: return (install.line, isNothing)
        case nil: return (install.line, false)
        }
    }

    /// Nil where it is not known what depmod's list has.
    private func hasSoftDependencies(_ module: String, _ table: ModuleTable) -> Bool? {
        let own = entries.first { $0.words[0] == "softdep" && $0.isAbout(module) }
        if let own, own.isBeforeIndex { return own.softDependencies?.isEmpty == false }
        guard let listed = table.softDependencies else { return nil }
        if listed[module] != nil { return true }
        return own?.softDependencies?.isEmpty == false
    }

    private static func entry(_ line: ModprobeConfiguration.Line) -> Entry? {
        guard ["alias", "install", "softdep"].contains(line.words[0]), line.words.count >= 3 else { return nil }
        let isCommand = line.words[0] == "install"
        let words = line.words.enumerated().map { place, word in
            place == 0 || isCommand && place > 1 ? word : underscored(word)
        }
        let entry = Entry(
            line: ModprobeSettings.Line(line),
            name: line.file.parts(at: "/").last.map(String.init) ?? line.file,
            words: words
        )
        return modules.contains(where: entry.isAbout) ? entry : nil
    }
}

extension ModprobeSettings.Line {
    fileprivate init(_ line: ModprobeConfiguration.Line) {
        self.init(path: line.file, number: line.number, text: line.words.joined(separator: " "))
    }
}

/// Reads how modules stand from `/sys/module` and `/proc/modules` below a root directory.
///
/// libkmod's own calls (`kmod_module_get_initstate()` and its sisters) have the host's `/sys` built in and so can't
/// look at a recorded machine.
package struct ModuleReader: Sendable {
    /// The directory that holds `proc` and `sys`, without a slash at its end; empty for this machine.
    let root: String

    /// A reader of this machine (`/`) or of a recorded one.
    package init(root: String = "/") {
        var root = Substring(root)
        while root.hasSuffix("/") { root.removeLast() }
        self.root = String(root)
    }

    /// What it reads is the running kernel, so changes make sense.
    package var isThisMachine: Bool { root.isEmpty }

    /// How `name` stands, with its reference count and the modules that use it.
    ///
    /// Only loadable modules have `initstate`. A directory without it is a builtin module with parameters, unless
    /// `/proc/modules` has the name: then it is being loaded (`mod_sysfs_setup()` runs after the module is listed).
    /// - Throws: `.invalidName`, `.unreadable`.
    package func reading(of name: String) throws(KmodError) -> ModuleReading {
        let name = try ModuleName(name).text
        let directory = "\(root)/sys/module/\(name)"
        if let word = try text("\(directory)/initstate") {
            guard let state = Self.states[word] else {
                throw KmodError(.unreadable, "\(directory)/initstate has the unknown state \(word.debugDescription)")
            }
            return ModuleReading(
                state: state,
                references: try text("\(directory)/refcnt").flatMap { Int($0) },
                holders: try names("\(directory)/holders") ?? []
            )
        }
        if let line = try loadedModules().first(where: { $0.name == name }) {
            return ModuleReading(state: line.state, references: line.references, holders: line.holders)
        }
        let isDirectory = try names(directory) != nil
        return ModuleReading(state: isDirectory ? .builtin : .absent, references: nil, holders: [])
    }

    /// How `name` stands.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func state(of name: String) throws(KmodError) -> ModuleState {
        try reading(of: name).state
    }

    /// The reference count of `name`; nil where it is not loaded or the kernel keeps no count.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func referenceCount(of name: String) throws(KmodError) -> Int? {
        try reading(of: name).references
    }

    /// The loaded modules that use `name`, sorted.
    /// - Throws: `.invalidName`, `.unreadable`.
    package func holders(of name: String) throws(KmodError) -> [String] {
        try reading(of: name).holders
    }

    /// `/proc/modules`, newest module first; empty where the kernel has no modules.
    /// - Throws: `.unreadable`, also for a line in an unknown form: a module overlooked is a wrong answer.
    package func loadedModules() throws(KmodError) -> [LoadedModuleLine] {
        let path = "\(root)/proc/modules"
        var modules: [LoadedModuleLine] = []
        for line in (try text(path) ?? "").split(separator: "\n") {
            guard let module = LoadedModuleLine(line) else {
                throw KmodError(.unreadable, "\(path) has the unknown line \(String(line).debugDescription)")
            }
            modules.append(module)
        }
        return modules
    }

    /// `kernel.modules_disabled` is set. It only ever goes from 0 to 1.
    /// - Throws: `.unreadable`.
    package func modulesDisabled() throws(KmodError) -> Bool {
        try text("\(root)/proc/sys/kernel/modules_disabled") == "1"
    }

    private static let states: [String: ModuleState] = ["live": .live, "coming": .coming, "going": .going]

    private func text(_ path: String) throws(KmodError) -> String? {
        do { return try textIfPresent(path) } catch { throw Self.unreadable(path, error) }
    }

    private func names(_ path: String) throws(KmodError) -> [String]? {
        do { return try namesIfPresent(path) } catch { throw Self.unreadable(path, error) }
    }

    private static func unreadable(_ path: String, _ failure: FileFailure) -> KmodError {
        KmodError(.unreadable, "\(path) can't be read", cause: failure.cause)
    }
}

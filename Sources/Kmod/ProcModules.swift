/// One line of `/proc/modules`, as `m_show()` in kernel/module/procfs.c writes it.
package struct LoadedModuleLine: Sendable, Equatable {
    /// The module's name, with underscores.
    package let name: String
    /// `Live`, `Loading` or `Unloading`.
    package let state: ModuleState
    /// The reference count; nil without CONFIG_MODULE_UNLOAD.
    package let references: Int?
    /// The modules that use it, sorted.
    package let holders: [String]
    /// It has no exit function: the kernel writes `[permanent]` among the users.
    package let isPermanent: Bool

    /// Reads `name size references users, state address [taint]`; nil for anything else.
    init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count >= 5, let state = Self.states[String(fields[4])] else { return nil }
        let users = fields[3] == "-" ? [] : fields[3].split(separator: ",").map(String.init)
        name = String(fields[0])
        self.state = state
        references = Int(fields[2])
        holders = users.filter { !$0.hasPrefix("[") }.sorted()
        isPermanent = users.contains("[permanent]")
    }

    private static let states: [String: ModuleState] = ["Live": .live, "Loading": .coming, "Unloading": .going]
}

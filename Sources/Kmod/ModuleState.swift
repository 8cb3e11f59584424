/// How a module stands in the kernel.
package enum ModuleState: String, Sendable, CaseIterable {
    /// Loaded and initialised.
    case live
    /// Being loaded: its initialisation hasn't returned.
    case coming
    /// Being removed.
    case going
    /// Part of the kernel image.
    case builtin
    /// Not there.
    case absent
}

/// What `ModuleReader` found out about one module at one moment.
package struct ModuleReading: Sendable, Equatable {
    /// How it stands.
    package let state: ModuleState
    /// The reference count; nil for what is not loaded, and on kernels without CONFIG_MODULE_UNLOAD.
    package let references: Int?
    /// The loaded modules that use it, sorted.
    package let holders: [String]

    /// A reading as it is told.
    package init(state: ModuleState, references: Int?, holders: [String]) {
        self.state = state
        self.references = references
        self.holders = holders
    }
}

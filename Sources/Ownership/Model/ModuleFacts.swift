import Machine

/// What decides whether the kernel loads or removes a module, apart from memory.
struct ModuleFacts: Equatable, Sendable {
    /// Hard dependencies, the far ones too: from `modules.dep`, else as kernels of the generation are built.
    private var needs: [String: [String]]
    /// The modules of `modules.dep`; nil where there is no such file.
    private var known: Set<String>?
    /// Names in `module_blacklist=` on the kernel command line.
    private var barred: Set<String>
    /// Modules that something that is not a module holds at the start: the references beside those of modules.
    let references: [String: Int]
    /// Modules that are being loaded or removed.
    private var changing: Set<String>
    /// The modules that a step can name and that the kernel does not have.
    private var missing: Set<String>
    /// The kernel has a helper for request_module() at the start.
    let hasHelper: Bool
    /// Lines of the host's own configuration of modprobe that keep modules out of look-ups.
    private var keptOut: [String: ModprobeSettings.Line]
    /// Lines of it of which that is not known.
    private var doubtful: [String: ModprobeSettings.Line]
    /// `softdep dax_hmem pre: cxl_acpi`.
    private var hmemIsAfterAcpi: Bool

    init(of machine: MachineState, _ generation: Generation) {
        let modules = machine.modules
        let asks = generation == .coordinated || generation == .unfixed
        needs = modules.dependencies ?? (asks ? Self.asking : [:])
        for (name, module) in modules.loaded { for user in module.users { needs[user, default: []].append(name) } }
        known = modules.dependencies.map { Set($0.keys) }
        barred = machine.kernel.commandLine.barredModules
        references = modules.loaded.compactMapValues { module in
            let others = module.references - module.users.count
            return others > 0 ? others : nil
        }
        missing = Set(Step.modules.filter { modules.state(of: $0) == .missing })
        changing = Set(modules.loaded.filter { !$0.value.isLive }.keys)
        hasHelper = machine.kernel.hasModuleHelper
        keptOut = machine.modprobe.keptOut
        doubtful = machine.modprobe.doubtful
        let soft =
            machine.modprobe.hmemSoftDependencies.map { $0.contains("cxl_acpi") }
            ?? modules.softDependencies.map { $0["dax_hmem"]?.contains("cxl_acpi") == true }
        hmemIsAfterAcpi = generation == .deferring && soft ?? true
    }

    /// What 7.1 and later need of each other (modules.dep of Debian's builds).
    private static let asking = [
        "dax_cxl": ["dax_hmem"], "cxl_pci": ["cxl_mem"], "cxl_acpi": ["cxl_pmem", "libnvdimm"],
        "cxl_pmem": ["libnvdimm"],
    ]

    /// What is loaded before `module`.
    func needs(of module: String) -> [String] { needs[module] ?? [] }

    /// Why `module` can't be loaded, with the errno; nil where it can.
    func refusalToLoad(_ module: String) -> String? {
        if let known, !known.contains(module) {
            return "this kernel has no module \(module): it is not in modules.dep (ENOENT)"
        }
        return ([module] + needs(of: module)).first(where: barred.contains).map {
            "module_blacklist= on the kernel command line blocks \($0) (EPERM)"
        }
    }

    /// The line for which modprobe, and daxswitch where there is no hold, does not load `module`; nil where they do.
    ///
    /// A command in place of a module that `module` needs is not run either.
    func lineAgainst(_ module: String) -> ModprobeSettings.Line? {
        keptOut[module] ?? needs(of: module).compactMap { keptOut[$0] }.first(where: \.isCommand)
    }

    /// Why modprobe does not load `module`; nil where it does.
    func lookUpRefusal(_ module: String) -> String? {
        lineAgainst(module).map { "\($0) blocks \(module) (no errno: the kernel is not called)" }
    }

    /// The lines of which it is not known keep modules out, too.
    mutating func keepOutWhatIsDoubtful() { keptOut.merge(doubtful) { own, _ in own } }

    /// Whether a step can name `module` and the kernel does not have it.
    func isMissing(_ module: String) -> Bool { missing.contains(module) }

    /// Whether modprobe, loading dax_hmem, loads cxl_acpi first.
    var hmemBringsAcpi: Bool {
        hmemIsAfterAcpi && refusalToLoad("cxl_acpi") == nil && lookUpRefusal("cxl_acpi") == nil
    }

    /// Whether `module` is being loaded or removed.
    func isChanging(_ module: String) -> Bool { changing.contains(module) }
}

extension KernelModel {
    /// Whether the kernel, loading dax_hmem, gets `module` loaded by request_module().
    func isGranted(_ module: String) -> Bool {
        hasHelper && constants.modules.refusalToLoad(module) == nil && constants.modules.lookUpRefusal(module) == nil
    }

    /// Why the kernel doesn't remove `module`, with the errno; nil where it does (kernel/module/main.c: delete_module()).
    func refusalToRemove(_ module: String) -> String? {
        if let user = loaded.lazy.filter({ constants.modules.needs(of: $0).contains(module) }).min() {
            return "\(module) is in use by \(user) (EAGAIN)"
        }
        if constants.modules.isChanging(module) { return "\(module) is being loaded or removed (EBUSY)" }
        return references[module].map { count in
            "\(module) is in use: it has \(count) reference\(count == 1 ? "" : "s") (EAGAIN)"
        }
    }
}

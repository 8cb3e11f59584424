private import CKmod

/// One thing that modprobe would do.
package enum ProbeStep: Sendable, Equatable {
    /// Insert a module with these options.
    case insert(module: String, options: String)
    /// Run a command in place of a module.
    case command(InstallCommand)
}

extension KmodContext {
    /// What modprobe(8) would do for a name or alias, in order; nothing is done (KMOD_PROBE_DRY_RUN).
    /// - Parameters:
    ///   - nameOrAlias: what modprobe would be given.
    ///   - includingLoaded: also what is loaded by now. libkmod looks for that in the host's `/sys`, so for any other
    ///     machine this must be true.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`.
    package func probeSteps(of nameOrAlias: String, includingLoaded: Bool) throws(KmodError) -> [ProbeStep] {
        _ = try lookup(nameOrAlias)
        var all: [ProbeStep] = []
        try lookupHandles(nameOrAlias).forEach { module throws(KmodError) in
            for step in steps(of: module, includingLoaded: includingLoaded) where !all.contains(step) {
                all.append(step)
            }
        }
        return all
    }

    func steps(of module: borrowing ModuleHandle, includingLoaded: Bool) -> [ProbeStep] {
        var flags = KMOD_PROBE_DRY_RUN.rawValue | KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY.rawValue
        if includingLoaded { flags |= KMOD_PROBE_IGNORE_LOADED.rawValue }
        let recorder = StepRecorder()
        let pointer = unsafe module.pointer
        StepRecorder.$current.withValue(recorder) {
            _ = unsafe kmod_module_probe_insert_module(pointer, flags, nil, nil, nil, StepRecorder.printAction)
        }
        return recorder.steps
    }
}

/// Collects what libkmod says that it would do.
///
/// Its callback has no pointer of the caller's, hence the task-local value: it belongs to the thread that made the
/// call, which is the one that is called back.
private final class StepRecorder: @unchecked Sendable {
    @TaskLocal static var current: StepRecorder?

    private(set) var steps: [ProbeStep] = []

    static let printAction: @convention(c) (OpaquePointer?, Bool, UnsafePointer<CChar>?) -> Void = {
        guard let recorder = StepRecorder.current, let module = unsafe $0 else { return }
        let name = unsafe String(cString: kmod_module_get_name(module))
        if $1 {
            let command = unsafe kmod_module_get_install_commands(module).map { unsafe String(cString: $0) }
            recorder.steps.append(.command(InstallCommand(module: name, command: command ?? "")))
        } else {
            var options = unsafe Substring($2.map { unsafe String(cString: $0) } ?? "")
            // libkmod leaves a space for the options that a caller may add.
            while options.hasSuffix(" ") { options.removeLast() }
            recorder.steps.append(.insert(module: name, options: String(options)))
        }
    }
}

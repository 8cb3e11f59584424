import FoundationEssentials
import Kmod
import LinuxSystem

/// Modules through libkmod, on this machine, each call in a process of its own: it may hang in the kernel.
package struct LibkmodModules: ModuleControl {
    private let call = WatchedCall()

    /// Modules of the running kernel. The library is opened here, once for the processes of all calls.
    package init() { KmodContext.openLibrary() }

    /// Loads `module`. The context is opened again each time: libkmod reads its configuration when it is opened, and a
    /// hold may have come or gone since.
    package func insert(_ module: String, isHeld: Bool) throws(ReloadError) {
        try call.run("load \(module)") { () throws(ReloadError) in try Self.insert(module, isHeld: isHeld) }
    }

    /// Removes that one module.
    package func remove(_ module: String) throws(ReloadError) {
        try call.run("remove \(module)") { () throws(ReloadError) in try Self.remove(module) }
    }

    /// Looks at the files of `loads` and, where modprobe's configuration will count, at their commands.
    package func checkLoadable(_ loads: [PendingLoad], besides present: Set<String>) throws(ReloadError) {
        // The files may lie on a file system that hangs.
        let names = loads.map(\.module).joined(separator: ", ")
        try call.run("read the files of \(names)") { () throws(ReloadError) in
            var module = loads.first?.module ?? ""
            do throws(KmodError) {
                let context = try KmodContext()
                for load in loads {
                    module = load.module
                    try Self.check(load, besides: present, context)
                }
            } catch {
                throw ReloadError(
                    .notLoadable,
                    "\(module) could not be loaded, neither by the plan nor for a rollback: \(error.message); \(error.fix)",
                    cause: error.cause?.description
                )
            }
        }
    }

    private static func check(
        _ load: PendingLoad,
        besides present: Set<String>,
        _ context: borrowing KmodContext
    ) throws(KmodError) {
        try context.checkFiles(of: load.module, besides: present)
        guard !load.isHeld else { return }
        let hold = [InstallCommand(module: "cxl_acpi", command: "/bin/false")]
        try context.checkCommands(of: load.module, besides: present, passing: load.isReleased ? hold : [])
    }

    private static func insert(_ module: String, isHeld: Bool) throws(ReloadError) {
        do {
            let context = try KmodContext()
            if isHeld {
                try context.insertWithDependencies(module)
            } else {
                try context.probe(module)
            }
        } catch {
            throw ReloadError(error, "load \(module)")
        }
    }

    private static func remove(_ module: String) throws(ReloadError) {
        do {
            let context = try KmodContext()
            try context.remove(module)
        } catch {
            if case .notLoaded = error.code { return }
            throw ReloadError(error, "remove \(module)")
        }
    }
}

extension KmodError {
    /// What makes a module loadable again.
    fileprivate var fix: String {
        if case .installCommand = code { return "remove that line from modprobe's configuration" }
        if code == .noLibrary { return "install the library: libkmod2 on Debian, kmod-libs on Fedora" }
        return "install the modules of the running kernel again, or boot the kernel whose modules are installed"
    }
}

extension WatchedCall {
    /// Makes the call `body` in a child; its error is thrown here.
    ///
    /// - Parameter name: what is done, as in "can't remove cxl_acpi".
    /// - Throws: what `body` throws; `ReloadError` `.stepFailed` if it did not end in time and was broken off, or its
    ///   process died; `.hung` if it hangs in the kernel.
    func run(_ name: String, _ body: () throws(ReloadError) -> Void) throws(ReloadError) {
        let answer: [UInt8]
        do {
            answer = try self.answer(name) {
                do throws(ReloadError) {
                    try body()
                    return []
                } catch {
                    // One that can't be written must not pass for none.
                    return (try? JSONEncoder().encode(error)).map { Array($0) } ?? [0]
                }
            }
        } catch {
            throw ReloadError(error)
        }
        if answer.isEmpty { return }
        guard let error = try? ReloadError(json: answer) else {
            throw ReloadError(.stepFailed, "the process that did the step gave no valid answer")
        }
        throw error
    }
}

extension ReloadError {
    /// What libkmod or the kernel said of a step.
    init(_ error: KmodError, _ what: String) {
        let code: Code = if case .notPermitted = error.code { .notPermitted } else { .stepFailed }
        self.init(code, "can't \(what): \(error.message)", cause: error.cause?.description)
    }
}

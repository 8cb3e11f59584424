import Kmod

/// Modules through libkmod, on this machine.
public struct LibkmodModules: ModuleControl {
    /// Modules of the running kernel.
    public init() {}

    /// Loads `module`. The context is opened anew each time: libkmod reads its configuration when it is opened, and a
    /// hold may have come or gone since.
    public func insert(_ module: String, isHeld: Bool) throws(ReloadError) {
        do {
            let context = try KmodContext()
            if isHeld {
                _ = try context.insertWithDependencies(module)
            } else {
                _ = try context.probe(module)
            }
        } catch {
            throw ReloadError(error, "load \(module)")
        }
    }

    /// Removes that one module.
    public func remove(_ module: String) throws(ReloadError) {
        do {
            let context = try KmodContext()
            try context.remove(module)
        } catch {
            if case .notLoaded = error.code { return }
            throw ReloadError(error, "remove \(module)")
        }
    }
}

extension ReloadError {
    fileprivate init(_ error: KmodError, _ what: String) {
        let code: Code = if case .notPermitted = error.code { .notPermitted } else { .stepFailed }
        self.init(code, "can't \(what): \(error.message)", cause: error.cause?.description)
    }
}

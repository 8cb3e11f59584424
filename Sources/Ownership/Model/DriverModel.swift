import Machine

// What binding and unbinding a driver that is part of the kernel image does: what loading and removing its module is elsewhere,
// without anything that is asked for on the way.
extension KernelModel {
    /// Unbinds the driver of `module` from its devices (drivers/base/bus.c: unbind_store()). Users of the module don't count.
    func unbindingDriver(of module: String) -> StepOutcome {
        if !has(module) { return StepOutcome(self) }
        if let refusal = refusalToUnbind(module) { return StepOutcome(self, refusal: refusal) }
        // Nothing of it is there.
        if constants.drivers[module]?.devices.isEmpty != false { return StepOutcome(self) }
        var model = self
        model.unbound.insert(module)
        if module == "cxl_acpi" { model.removeCxlAcpi() } else { model.removeDaxHmem() }
        return StepOutcome(model)
    }

    /// Binds it again (drivers/base/bus.c: bind_store()). Neither the hold nor a blacklist counts: no module is loaded, and
    /// dax_hmem asks for cxl_acpi only while it starts (drivers/dax/hmem/hmem.c: dax_hmem_init()).
    func bindingDriver(of module: String) -> StepOutcome {
        if has(module) { return StepOutcome(self) }
        if let refusal = refusalToBind(module) { return StepOutcome(self, refusal: refusal) }
        var model = self
        model.unbound.remove(module)
        guard module == "cxl_acpi" else { return StepOutcome(model.probingHmem()) }
        model.showWindows()
        return StepOutcome(model)
    }

    /// Why the driver of `module` can't be bound to what it had; nil where it can.
    private func refusalToBind(_ module: String) -> String? {
        guard let driver = constants.drivers[module] else { return nil }
        let builtIn = "\(module) is built into the kernel"
        guard driver.isRegistered else {
            return "\(builtIn), but this boot skipped it: the driver \(driver.driver) is missing until a reboot"
        }
        if !driver.hasBindFiles {
            return "\(builtIn), and its driver has no bind file in sysfs (suppress_bind_attrs)"
        }
        return refusalOfMany(driver, of: module).map { "\(builtIn), and \($0)" }
    }

    /// Why what a driver with several devices does is not known; nil where it is. Each has windows of its own, and nothing tells
    /// which.
    private func refusalOfMany(_ driver: DriverDevices, of module: String) -> String? {
        guard module == "cxl_acpi", driver.devices.count > 1 else { return nil }
        return "its driver has more than one device: \(driver.devices.map(\.name).joined(separator: ", "))"
    }

    /// Why the driver of `module` can't be unbound from what it has; nil where it can.
    private func refusalToUnbind(_ module: String) -> String? {
        let builtIn = "\(module) is built into the kernel (modules.builtin)"
        switch module {
        case "cxl_acpi", "dax_hmem": break
        case "dax_cxl":
            return
                "\(builtIn), and its driver has no unbind file in sysfs (drivers/dax/cxl.c: suppress_bind_attrs)"
        default: return "\(builtIn): it can't be unloaded (ENOENT)"
        }
        let driver = constants.drivers[module]
        let devices = driver?.devices ?? []
        let isAtWork = module == "cxl_acpi" ? windowsAreLive : claims.contains { $0.owner == .hmem }
        if devices.isEmpty {
            return isAtWork ? "\(builtIn), and the device that its driver is bound to is not known" : nil
        }
        if driver?.hasBindFiles == false {
            return "\(builtIn), and its driver has no unbind file in sysfs (suppress_bind_attrs)"
        }
        return driver.flatMap { refusalOfMany($0, of: module) }.map { "\(builtIn), and \($0)" }
    }
}

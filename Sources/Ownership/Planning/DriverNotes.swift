import Machine

extension MachineState {
    /// What steps on modules do where the module is part of the kernel image, in words.
    func bindingNotes(of steps: [Step]) -> [String] {
        steps.compactMap(\.module).uniqued().compactMap { module in
            guard let driver = modules.builtinDriver(of: module) else { return nil }
            let devices = driver.devices.map(\.name).joined(separator: ", ")
            return
                "\(module) is part of the kernel image: unload:\(module) unbinds its driver from \(devices), and "
                + "load:\(module) binds it again. Nobody can load it meanwhile, so that nothing has to be held."
        }
    }
}

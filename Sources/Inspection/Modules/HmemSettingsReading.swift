internal import Machine

/// The parameters that change what dax_hmem does.
struct HmemSettingsReading {
    let tree: any FileTree
    let commandLine: KernelCommandLine

    func read() -> HmemSettings {
        HmemSettings(
            isDisabled: loaded("device_hmem", "disable") ?? commandLine.parameters.isOn("device_hmem.disable"),
            // libkmod hands this on to the module.
            regionIsIdle: commandLine.allParameters.isOn("dax_hmem.region_idle"),
            loadedRegionIsIdle: loaded("dax_hmem", "region_idle")
        )
    }

    /// Nil where the module is out.
    private func loaded(_ module: String, _ parameter: String) -> Bool? {
        tree.optionalValue("/sys/module/\(module)/parameters/\(parameter)").map { Bool(kernelText: $0) ?? false }
    }
}

internal import Machine

/// The parameters that change what dax_hmem does.
struct HmemSettingsReading {
    let tree: any FileTree
    let commandLine: String

    func read() -> HmemSettings {
        HmemSettings(
            isDisabled: loaded("device_hmem", "disable") ?? isOnCommandLine("device_hmem.disable"),
            regionIsIdle: isOnCommandLine("dax_hmem.region_idle"),
            loadedRegionIsIdle: loaded("dax_hmem", "region_idle")
        )
    }

    private func loaded(_ module: String, _ parameter: String) -> Bool? {
        tree.optionalValue("/sys/module/\(module)/parameters/\(parameter)").map(Self.isTrue)
    }

    /// modprobe hands these on to the module.
    private func isOnCommandLine(_ name: String) -> Bool {
        commandLine.split(whereSeparator: \.isWhitespace).reduce(false) { found, word in
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.first.map(String.init) == name else { return found }
            return parts.count == 1 || Self.isTrue(String(parts[1]))
        }
    }

    /// lib/kstrtox.c: kstrtobool() goes by the first letters.
    private static func isTrue(_ value: String) -> Bool {
        value.first.map { "yYtT1".contains($0) } ?? false || value.lowercased() == "on"
    }
}

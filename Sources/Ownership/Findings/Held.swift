import Machine

extension Examination {
    /// What keeps `cxl_acpi` out.
    var held: [Finding] {
        let causes = causes
        guard !machine.windows.contains(where: \.isLive), !causes.isEmpty else { return [] }
        return [
            Finding(
                .held,
                subject: "cxl_acpi",
                what: "cxl_acpi is blocked from loading, so CXL owns nothing. Blocked by: "
                    + causes.map(\.what).joined(separator: "; ") + ".",
                evidence: causes.map(\.evidence),
                fix: causes[0].fix
            )
        ]
    }

    private var causes: [(what: String, evidence: String, fix: String)] {
        var found: [(what: String, evidence: String, fix: String)] = []
        let kernel = machine.kernel.commandLine
        if machine.persisted == .hmem {
            found.append(
                (
                    "`daxswitch persist hmem`", "/etc/modprobe.d/01-daxswitch.conf",
                    "to let CXL own the memory, run `\(machine.persistCommand(.cxl))` and reboot"
                )
            )
        } else if machine.isHeld {
            found.append(
                (
                    "a hold of this boot (`daxswitch apply hmem`)", "/run/modprobe.d/00-daxswitch.conf",
                    "to let CXL own the memory, "
                        + (remedies.command(giving: owned.map(\.range), to: [.cxl]) ?? "run `daxswitch plan cxl`")
                )
            )
        }
        if kernel.barredModules.contains("cxl_acpi") {
            found.append(
                (
                    "the kernel command line", "/proc/cmdline: module_blacklist= names cxl_acpi",
                    "remove cxl_acpi from module_blacklist= and reboot"
                )
            )
        }
        if kernel.leavesOut("cxl_acpi") {
            found.append(
                (
                    "the kernel command line", "/proc/cmdline: initcall_blacklist= names cxl_acpi_init",
                    "remove cxl_acpi_init from initcall_blacklist= and reboot"
                )
            )
        }
        if let line = machine.modprobe.keptOut["cxl_acpi"] {
            found.append(
                (
                    "\(line.path)", "\(line)",
                    "to let CXL own the memory, remove line \(line.number) of \(line.path), then "
                        + (withoutLine.command(giving: owned.map(\.range), to: [.cxl]) ?? "reboot")
                )
            )
        }
        return found
    }

    /// What can be done once the line that keeps `cxl_acpi` out is gone. `modprobe cxl_acpi` alone would give CXL memory that
    /// dax_hmem has meanwhile.
    private var withoutLine: Remedies {
        var freed = machine
        freed.modprobe.keptOut["cxl_acpi"] = nil
        return Remedies(freed, policies: policies)
    }
}

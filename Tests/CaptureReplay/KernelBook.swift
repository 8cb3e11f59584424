package import Machine
internal import Inspection
internal import TestCaptures

/// The kernels that the tool was tried on, or read about, as a document.
package struct KernelBook {
    /// One kernel, with a machine that runs it.
    package struct Entry: Sendable {
        /// The kernel's name, for people.
        package let name: String
        /// Which of the drivers are modules, and which part of the kernel image.
        package let shape: String
        /// The generation; nil where it has to stay unknown.
        package let generation: Generation?
        /// It was booted; else it was read about, and the machine was made.
        package let wasBooted: Bool
        /// Since which version of daxswitch this is found.
        package let since: String
        /// The machine: a scenario of Tests/Captures, at its first moment, or what `TestCaptures.root(_:)` names.
        package let machine: String
    }

    private static let debian = "`cxl_core` and `cxl_port` built in, the rest modules"
    private static let modules = "all modules"
    private static let builtin = "CXL drivers built in, dax drivers modules"
    private static let bos = "`cxl_acpi` and dax_hmem modules, the rest built in"

    /// All of them, in the order of the document.
    package static let entries = [
        Entry(
            name: "Debian 12 (6.1)",
            shape: "\(debian); no dax_cxl",
            generation: .hmemOnly,
            wasBooted: true,
            since: "0.1.0",
            machine: "6.1.0-50-amd64/auto-hmem-elsewhere"
        ),
        Entry(
            name: "Debian 13 (6.12)",
            shape: debian,
            generation: .deferring,
            wasBooted: true,
            since: "0.1.0",
            machine: "6.12.107/auto-reload"
        ),
        Entry(
            name: "Debian backports (7.3)",
            shape: debian,
            generation: .coordinated,
            wasBooted: true,
            since: "0.1.0",
            machine: "7.3.4/auto-reload"
        ),
        Entry(
            name: "7.3 with CXL built in",
            shape: builtin,
            generation: .coordinated,
            wasBooted: true,
            since: "0.1.0",
            machine: "7.3.4-builtin/uek-unbind"
        ),
        read("RHEL 9.2", "\(builtin); no dax_cxl", .hmemOnly, "0.1.0", "rhel-9.2"),
        read("RHEL 9.7", "\(modules); no dax_cxl", .deferring, "0.1.0", "rhel-9"),
        read("Oracle UEK 7", "\(builtin); no dax_cxl", .hmemOnly, "0.1.0", "uek-7"),
        read("Oracle UEK 8", builtin, .deferring, "0.1.0", "uek-8"),
        read("Azure Linux 3", "no CXL; dax drivers modules", .hmemOnly, "0.1.0", "azure-linux-3"),
        read("Mainline 7.0", modules, .deferring, "0.1.0", "mainline-7.0"),
        read("NVIDIA 6.17 (version 5 of the series)", bos, .allOrNothing, "0.2.0", "nvidia-6.17"),
        read("NVIDIA 7.0 (version 6 of the series)", modules, .allOrNothing, "0.2.0", "nvidia-7.0"),
        read("NVIDIA 7.0 \"bos\" (version 6 of the series)", bos, .allOrNothing, "0.2.0", "nvidia-bos-7.0"),
        Entry(
            name: "NVIDIA 7.0 \"bos\", in material without symbols",
            shape: bos,
            generation: nil,
            wasBooted: false,
            since: "0.2.0",
            machine: "field/36-nvidia-bos-config-cxl"
        ),
    ]

    private static func read(
        _ name: String,
        _ shape: String,
        _ generation: Generation,
        _ since: String,
        _ machine: String
    ) -> Entry {
        Entry(
            name: name,
            shape: shape,
            generation: generation,
            wasBooted: false,
            since: since,
            machine: "kernels/\(machine)"
        )
    }

    /// The machine of `entry`.
    ///
    /// - Throws: where it can't be read.
    package static func machine(of entry: Entry) throws -> MachineState {
        guard entry.wasBooted else { return try Inspector(root: TestCaptures.root(entry.machine).path).read() }
        let parts = entry.machine.split(separator: "/").map(String.init)
        let roots = TestCaptures.roots(kernel: parts[0], scenario: parts[1])
        return try Inspector(root: TestCaptures.copyWithModules(roots[0]).path).read()
    }

    /// The text of docs/kernels.md.
    ///
    /// - Throws: where a machine can't be read.
    package static func text() throws -> String {
        var lines = [
            "# Kernels", "",
            "Made by `make docs` from machines with these kernels: recorded ones, if the kernel was booted, else ones made from its",
            "published configuration and source (`Tests/Kernels`). The generation decides which rules apply (`kernel-rules.md`); it",
            "follows from what the kernel shows. The release is used only if the other evidence fits several generations. If marks are",
            "missing or contradict each other, the generation is unknown: `plan` and `predict` then refuse. Set it with `--rules`.",
            "",
            "| kernel | shape | generation | recognized by | booted or read | recognized since |",
            "|---|---|---|---|---|---|",
        ]
        for entry in entries {
            let found = try machine(of: entry).kernel.generation
            let release = try machine(of: entry).kernel.release
            let evidence = found.evidence.map { sentence in
                sentence.replacing("/lib/modules/\(release)/", with: "").replacing("|", with: "\\|")
            }
            lines.append(
                "| \(entry.name) | \(entry.shape) | \(found.value.map { "`\($0.rawValue)`" } ?? "unknown") "
                    + "| \(evidence.joined(separator: "<br>")) | \(entry.wasBooted ? "booted" : "read") | \(entry.since) |"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

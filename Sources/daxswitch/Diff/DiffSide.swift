import LinuxSystem
import Machine
import Ownership
import Policy
import SavedPlan

/// One of the two that `diff` compares, as a person named it.
struct DiffSide {
    /// The argument.
    let path: String
    /// What is there.
    let side: Diff.Side

    init(_ path: String, _ side: Diff.Side) { (self.path, self.side) = (path, side) }

    /// Reads a machine or a saved plan: a file that begins as a JSON document does is a plan.
    ///
    /// - Throws: `InspectionError`, `PlanFileError`, `Failure`.
    init(_ path: String) throws {
        self.path = path
        if Self.isDocument(path) {
            side = .plan(try PlanFile.parse(try FileText.read(path), file: path))
        } else {
            if !File.exists(path) && PolicyLibrary().names.contains(path) { throw Self.policy(path) }
            let root = MachineRoot(path: path)
            let machine = try root.read(tellsMaterial: false)
            let unfinished = try root.unfinishedWork(on: machine)
            // Only which findings there are is compared: no fix is planned.
            side = .machine(machine, unfinished.findings + findings(of: machine) { [] })
        }
    }

    private static func policy(_ name: String) -> Failure {
        Failure(
            .badData,
            code: "not-a-machine",
            "\(name) is a policy, not a capture or a saved plan. `daxswitch verify \(name)` compares a machine with it"
        )
    }

    private static func isDocument(_ path: String) -> Bool {
        guard (try? FileStatus(path))?.kind == .regular,
            let head = try? File.readingRegular(path).readPart()
        else { return false }
        return String(decoding: head, as: UTF8.self).drop(while: \.isWhitespace).hasPrefix("{")
    }

    /// What of a machine the material lacks; nothing for a plan.
    var material: MaterialReport {
        if case .machine(let machine, _) = side { machine.material } else { MaterialReport() }
    }

    /// It for people: `node7.tgz: node7, 7.3.4 (coordinated)`.
    var title: String {
        let name = path == "/" ? "this host" : path
        switch side {
        case .machine(let machine, _):
            return "\(name): "
                + Self.words(machine.host.name, machine.kernel.release, machine.kernel.generation.value?.rawValue)
        case .plan(let plan):
            let what = plan.policy.map { "plan of policy \($0.name)" } ?? "prediction"
            let facts = plan.fingerprint
            return "\(name): \(what), \(counted(plan.steps.count, "step")), for "
                + Self.words(facts.host.name, facts.kernelRelease, plan.rules)
        }
    }

    private static func words(_ host: String?, _ release: String, _ rules: String?) -> String {
        let kernel = release == Kernel.unknownRelease ? "kernel not recorded" : release
        return (host.map { "\($0), " } ?? "") + "\(kernel) (\(rules ?? "unknown rules"))"
    }
}

extension DiffSide {
    /// It in the document.
    var members: JSONValue {
        let (source, host, release, rules, policy): (String, Host, String, String?, String?)
        switch side {
        case .machine(let machine, _):
            (source, host, policy) = ("machine", machine.host, nil)
            (release, rules) = (machine.kernel.release, machine.kernel.generation.value?.rawValue)
        case .plan(let plan):
            (source, host, policy) = ("plan", plan.fingerprint.host, plan.policy?.name)
            (release, rules) = (plan.fingerprint.kernelRelease, plan.rules)
        }
        return [
            "parameters": parameters.map { JSONValue($0) } ?? .null,
            "modprobe": modprobe.map { JSONValue($0) } ?? .null,
            "path": .text(path), "source": .text(source), "host": JSONValue(host.name),
            "kernel_release": JSONValue(release == Kernel.unknownRelease ? nil : release), "rules": JSONValue(rules),
            "policy": JSONValue(policy),
            "unknown": JSONValue(MaterialReport.Part.allCases.filter(material.unrecorded.contains).map(\.rawValue)),
        ]
    }

    /// The kernel parameters that are compared; nil where they are not known.
    private var parameters: [String]? {
        guard case .machine(let machine, _) = side, !machine.lacks(.commandLine) else { return nil }
        return machine.kernel.commandLine.ownershipParameters.map(\.text)
    }

    /// What of modprobe's configuration is compared; nil where it is not known.
    private var modprobe: [String]? {
        guard case .machine(let machine, _) = side, machine.modprobe.isRecorded || !machine.modprobe.settings.isEmpty
        else { return nil }
        return machine.modprobe.settings.map { setting in
            [setting.keyword, setting.module, setting.value].filter { !$0.isEmpty }.joined(separator: " ")
        }
    }
}

import Machine
import Ownership

// What a report says of a machine, without what names the host.
extension Redaction {
    /// Replaces what names this machine.
    mutating func add(_ machine: MachineState) {
        add(machine.host, bootID: machine.kernel.bootID)
        for parameter in machine.kernel.commandLine.allParameters where parameter.name == "systemd.machine_id" {
            if let id = parameter.value { add(machineID: id) }
        }
    }

    /// The host by its new name.
    func applied(to host: Host) -> Host {
        Host(id: host.id.map(applied), name: host.name.map(applied))
    }

    /// The machine with its findings, and what was cut off there.
    func applied(to status: MachineStatus) -> MachineStatus {
        var machine = status.machine
        machine.host = applied(to: machine.host)
        machine.kernel.bootID = machine.kernel.bootID.map(applied)
        for index in machine.material.notUnderstood.indices {
            machine.material.notUnderstood[index].file = applied(to: machine.material.notUnderstood[index].file)
            machine.material.notUnderstood[index].text = applied(to: machine.material.notUnderstood[index].text)
        }
        machine.material.oddities = machine.material.oddities.map(applied)
        machine.kernel.generation.evidence = machine.kernel.generation.evidence.map(applied)
        machine.initialProbe.evidence = machine.initialProbe.evidence.map(applied)
        machine.daxCxlMode.evidence = machine.daxCxlMode.evidence.map(applied)
        return MachineStatus(
            machine: machine,
            findings: status.findings.map(applied),
            unfinished: status.unfinished.map(applied),
            pendingImages: status.pendingImages
        )
    }

    private func applied(to finding: Finding) -> Finding {
        Finding(
            finding.id,
            subject: finding.subject,
            ranges: finding.ranges,
            what: applied(to: finding.what),
            evidence: finding.evidence.map(applied),
            fix: finding.fix
        )
    }

    private func applied(to work: UnfinishedWork) -> UnfinishedWork {
        let failure = Failure(work.failure.status, code: work.failure.code, applied(to: work.failure.message))
        return UnfinishedWork(subject: work.subject, state: work.state, failure: failure, fix: work.fix)
    }
}

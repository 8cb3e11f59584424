internal import LinuxSystem
internal import Machine

/// Readings of the running machine, one after the other, for which one child process asks the files.
struct RepeatedReading: Sendable {
    /// What a reading gives: the machine, and single files by path, nil where one is absent.
    typealias Answer = (machine: MachineState, files: [String: [UInt8]?])

    private let read: @Sendable (Material, [String]) throws(InspectionError) -> Answer
    private let process: ReadingProcess

    /// Readings by `read`, of a machine and of files at some paths.
    init(_ read: @escaping @Sendable (Material, [String]) throws(InspectionError) -> Answer) {
        self.read = read
        // The child opens it for itself. It is started after its parent has read it for the first time.
        let log = RunningKernelLog(after: .shared)
        process = ReadingProcess { note, question in
            let parts = question.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let start = KernelLogUpTo(log: log, last: parts.first.flatMap { Int($0) })
            let machine = Material.thisMachine
            return AnswerLog.bytes(of: machine.tree, noting: note) { tree throws(InspectionError) in
                try read(machine.with(tree, ReadKernelLog(start)), Array(parts.dropFirst()))
            }
        }
    }

    /// The machine as it is now, and the files at `paths`.
    ///
    /// - Throws: As `Inspector.read()`.
    func read(with paths: [String]) throws(InspectionError) -> Answer {
        let machine = Material.thisMachine
        let log = ReadKernelLog(machine.log)
        // Both must see the same log, or one would ask for files that the other does not.
        let question = [log.lastRecord.map { String($0) } ?? "none"] + paths
        return try AnsweredTree.ask(machine.tree, about: "the machine") { tree throws(InspectionError) in
            try read(machine.with(tree, log), paths)
        } from: { () throws(SystemError) in
            try process.answer(to: Array(question.map { Array($0.utf8) }.joined(separator: [0])))
        }
    }
}

/// A log up to a record.
private struct KernelLogUpTo: KernelLog {
    let log: any KernelLog
    /// The number of the last record; nil if the log can't be read.
    let last: Int?

    func content() -> KernelLogContent? {
        guard let last, case .records(let records)? = log.content() else { return nil }
        return .records(records.filter { $0.sequence <= last })
    }
}

extension ReadKernelLog {
    /// The number of the last record, -1 without any; nil if the log can't be read.
    fileprivate var lastRecord: Int? {
        guard case .records(let records)? = content() else { return nil }
        return records.last?.sequence ?? -1
    }
}

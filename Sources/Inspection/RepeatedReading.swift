internal import LinuxSystem
internal import Machine

/// Readings of the running machine, one after the other, for which one child process asks the files.
///
/// The child reads for itself, to know what to ask, and sends the answers as it gets them: its parent reads the same at the same
/// time.
struct RepeatedReading: Sendable {
    /// What a reading gives: the machine, and single files by path, nil where one is absent.
    typealias Answer = (machine: MachineState, files: [String: [UInt8]?])

    private let machine: @Sendable () -> Material
    private let read: @Sendable (Material, [String]) throws(InspectionError) -> Answer
    private let process: any AnsweringProcess

    /// Readings by `read`, of a machine and of files at some paths.
    ///
    /// - Parameters:
    ///   - machine: Opens it: the child has none of its parent's files open.
    ///   - log: The machine's log for the child, which is started after its parent has read it for the first time.
    ///   - child: Makes the process that answers, from what it does with a question.
    init(
        of machine: @escaping @Sendable () -> Material = { .thisMachine },
        log: any KernelLog = RunningKernelLog(after: .shared),
        by child: (@escaping AnsweringProcess.Body) -> any AnsweringProcess = { ReadingProcess($0) },
        _ read: @escaping @Sendable (Material, [String]) throws(InspectionError) -> Answer
    ) {
        self.machine = machine
        self.read = read
        process = child { note, question, send in
            let parts = texts(question[...])
            let machine = machine()
            let answers = AnswerLog(of: WatchedTree(machine.tree, noting: note), sendingTo: send)
            let start = KernelLogStart(of: log, to: parts.first ?? "")
            // What it throws is thrown again where the answers are read.
            _ = try? read(machine.with(answers, start), Array(parts.dropFirst()))
            send(answers.bytes)
        }
    }

    /// The machine as it is now, and the files at `paths`.
    ///
    /// - Throws: As `Inspector.read()`.
    func read(with paths: [String]) throws(InspectionError) -> Answer {
        let machine = machine()
        // The log never waits. It is read before the files, as a driver says what it did afterwards.
        let log = machine.log.read()
        let nextPart: AnsweringProcess.Parts
        do throws(SystemError) {
            // Both must see the same log, or one would ask for files that the other does not.
            nextPart = try process.ask(joined([log.end] + paths))
        } catch {
            if let failure = InspectionError(error) { throw failure }
            // Without a child it can only be asked here.
            return try read(machine.with(machine.tree, log), paths)
        }
        let tree = AnsweredTree(of: machine.tree, nextPart)
        do throws(InspectionError) {
            return try tree.answering { (tree) throws(InspectionError) in try read(machine.with(tree, log), paths) }
        } catch {
            // The child read something else, as from a log that has lost records since. The next one begins with the log that this
            // process has.
            if tree.failure?.code == .unstable { process.restart() }
            throw error
        }
    }
}

/// A log up to a record, or as much of it as a process can read.
private struct KernelLogStart: KernelLog {
    let log: any KernelLog
    /// As `ReadKernelLog.end` gives it.
    let end: String

    init(of log: any KernelLog, to end: String) { (self.log, self.end) = (log, end) }

    func content() -> KernelLogContent? { read().content() }

    func read() -> ReadKernelLog {
        let whole = log.read()
        if whole.end == end { return whole }
        guard let last = Int(end), case .records(let records)? = whole.content() else {
            return ReadKernelLog(nil, LoggedFacts(nil))
        }
        let start = KernelLogContent.records(records.filter { $0.sequence <= last })
        return ReadKernelLog(start, LoggedFacts(start))
    }
}

extension ReadKernelLog {
    /// The number of the last record, -1 without any; `lines` if there are only lines, `none` if the log can't be read.
    fileprivate var end: String {
        switch content() {
        case .records(let records): String(records.last?.sequence ?? -1)
        case .lines: "lines"
        case nil: "none"
        }
    }
}

package import LinuxSystem
internal import Synchronization

/// The kernel log of a machine since it started, as far as it is kept.
package protocol KernelLog: Sendable {
    /// What is in it, oldest first; nil if the log can't be read.
    func content() -> KernelLogContent?
    /// What is in it now, and what that tells.
    func read() -> ReadKernelLog
}

extension KernelLog {
    /// The facts are found in the whole of it.
    package func read() -> ReadKernelLog {
        let content = content()
        return ReadKernelLog(content, LoggedFacts(content))
    }
}

/// A kernel log in one of its two forms.
package enum KernelLogContent: Sendable, Equatable {
    /// The records of `/dev/kmsg`, which tell who wrote them and whether some are missing.
    case records([KernelLogRecord])
    /// Lines as dmesg prints them.
    case lines([String])

    /// The records as a capture has them in its file `kmsg`; nil for lines.
    package var recordText: String? {
        guard case .records(let records) = self else { return nil }
        return records.map { $0.source + "\n" }.joined()
    }

    /// The log as dmesg prints it.
    package var text: [String] {
        switch self {
        case .records(let records): records.map(\.line)
        case .lines(let lines): lines
        }
    }
}

/// The log of a recorded machine: the records in the file `kmsg`, without one the lines in `dmesg`.
package struct RecordedKernelLog: KernelLog {
    private let tree: any FileTree

    /// Where `daxswitch collect` puts the records.
    package static let path = "/kmsg"

    /// The log of the machine in `tree`.
    package init(tree: any FileTree) { self.tree = tree }

    /// What the files have; nil if both are absent or unreadable.
    package func content() -> KernelLogContent? {
        do {
            if let bytes = try tree.read(Self.path) { return .records(KernelLogRecord.parse(bytes)) }
            return try tree.text("/dmesg").map { .lines($0.lines.map(String.init)) }
        } catch {
            // The log only adds facts; without it the other sources stand alone.
            return nil
        }
    }
}

/// A log that was read before, with what it tells. A reading of the running machine is made twice from one log.
package struct ReadKernelLog: KernelLog {
    private let found: KernelLogContent?
    /// What it tells.
    let facts: LoggedFacts

    /// What was read, and what it tells.
    init(_ found: KernelLogContent?, _ facts: LoggedFacts) { (self.found, self.facts) = (found, facts) }

    /// What was read.
    package func content() -> KernelLogContent? { found }

    /// It is not read again.
    package func read() -> ReadKernelLog { self }
}

/// The log of the running kernel, from `/dev/kmsg`. It stays open: of a log that was read before, only what came since is read
/// and understood.
package final class RunningKernelLog: KernelLog {
    private struct Known: ~Copyable {
        var device: KernelLogDevice?
        var records: [KernelLogRecord] = []
        /// What they tell; nil if that was not asked since the log was opened.
        var facts: LoggedFacts?
    }

    private let known = Mutex(Known())
    private let earlier: RunningKernelLog?

    /// More records than a buffer of the usual size has; a process that runs for days does not keep more.
    private static let mostRecords = 50_000

    /// The log of this machine; in a child process, which has closed what its parent had open, it must be a new one.
    ///
    /// - Parameter earlier: The one that its parent has read: it begins with those records, which the kernel may no longer have.
    package init(after earlier: RunningKernelLog? = nil) { self.earlier = earlier }

    /// The log of this machine, for all readings of this process.
    package static let shared = RunningKernelLog()

    /// The records in the kernel's buffer; nil without the privilege.
    package func content() -> KernelLogContent? {
        known.withLock { known in update(&known) ? .records(known.records) : nil }
    }

    /// The records and what they tell.
    package func read() -> ReadKernelLog {
        known.withLock { known in
            guard update(&known) else { return ReadKernelLog(nil, LoggedFacts(nil)) }
            let content = KernelLogContent.records(known.records)
            let facts = known.facts ?? LoggedFacts(content)
            known.facts = facts
            return ReadKernelLog(content, facts)
        }
    }

    private var readBefore: [KernelLogRecord] { known.withLock { $0.records } }

    /// Reads what came since the last time; false if the log can't be read.
    private func update(_ known: inout Known) -> Bool {
        if known.device == nil || known.records.count > Self.mostRecords {
            let records = known.device == nil ? earlier?.readBefore ?? [] : []
            known = Known(device: try? KernelLogDevice(), records: records)
        }
        guard let new = known.device?.records() else { return false }
        let last = known.records.last?.sequence ?? -1
        let added = new.drop { $0.sequence <= last }
        known.facts?.add(Array(added), after: known.records)
        known.records += added
        return true
    }
}

package import LinuxSystem
internal import Synchronization

/// The kernel log of a machine since it started, as far as it is kept.
package protocol KernelLog: Sendable {
    /// What is in it, oldest first; nil where the log can't be read.
    func content() -> KernelLogContent?
    /// What it tells.
    func facts() -> LoggedFacts
}

extension KernelLog {
    /// Found in what is in the log now.
    package func facts() -> LoggedFacts { LoggedFacts(content()) }
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

    /// What the files have; nil where both are absent or unreadable.
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

/// A log that was read before, with what it tells.
struct ReadKernelLog: KernelLog {
    private let read: KernelLogContent?
    private let found: LoggedFacts

    /// Reads `log`.
    init(_ log: any KernelLog) {
        read = log.content()
        found = LoggedFacts(read)
    }

    func content() -> KernelLogContent? { read }

    /// Found once: a reading of the running machine is made twice from one log.
    func facts() -> LoggedFacts { found }
}

/// The log of the running kernel, from `/dev/kmsg`. It stays open: of a log that was read before, only what came since is read.
package final class RunningKernelLog: KernelLog {
    private struct Read: ~Copyable {
        var device: KernelLogDevice?
        var records: [KernelLogRecord] = []
    }

    private let read = Mutex(Read())
    private let earlier: RunningKernelLog?

    /// More records than a buffer of the usual size has; a process that runs for days does not keep more.
    private static let mostRecords = 50_000

    /// The log of this machine; in a child process, which has closed what its parent had open, it must be a new one.
    ///
    /// - Parameter earlier: The one that its parent has read: it begins with those records, which the kernel may no longer have.
    package init(after earlier: RunningKernelLog? = nil) { self.earlier = earlier }

    /// The log of this machine, for all readings of this process.
    package static let shared = RunningKernelLog()

    private var readBefore: [KernelLogRecord] { read.withLock { $0.records } }

    /// The records in the kernel's buffer; nil without the privilege.
    package func content() -> KernelLogContent? {
        read.withLock { read in
            if read.device == nil || read.records.count > Self.mostRecords {
                read.records = read.device == nil ? earlier?.readBefore ?? [] : []
                read.device = try? KernelLogDevice()
            }
            guard let new = read.device?.records() else { return nil }
            let last = read.records.last?.sequence ?? -1
            read.records += new.drop { $0.sequence <= last }
            return .records(read.records)
        }
    }
}

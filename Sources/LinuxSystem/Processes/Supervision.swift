private import Glibc
private import Synchronization

/// A command that only reads and prints, as a child of its own process.
///
/// A file that does not answer holds up only the child, and the parent can still say so. The child reads for itself, so nothing
/// that it reads must be handed over: that takes as long as the reading. It has nothing open that whoever waits for this process
/// may wait for: what it prints the parent writes.
package enum Supervision {
    /// How a child has ended, and what it printed.
    package struct End {
        package let exitCode: Int32
        package let printed: [Printed]
    }

    /// Bytes for one of the standard streams.
    package struct Printed: Equatable {
        package let bytes: [UInt8]
        package let descriptor: Int32
    }

    private struct Parent {
        let note: WatchedReading.Note
        /// What was printed, as a descriptor: for each text its own descriptor, its size, and its bytes.
        let memory: Int32
    }

    /// The parent that watches this process; nil if it has none.
    private static let parent = Mutex<Parent?>(nil)
    /// A child was given up, and this process does what it could not.
    private static let brokenOff = Atomic<Bool>(false)

    /// What this process is doing, for the parent that watches it.
    package static var note: WatchedReading.Note? { parent.withLock { $0?.note } }

    /// Whether a child was given up; what did not answer it is not asked again.
    static var wasBrokenOff: Bool { brokenOff.load(ordering: .relaxed) }

    /// Goes on in a child, and waits for its end in this process.
    ///
    /// - Returns: In this process how the child has ended; nil in the child. Nil in this process too if it has to go on by itself:
    ///   a file did not answer the child, which was killed, or no child can be started or watched.
    package static func goOnInChild() -> End? {
        guard let note = try? WatchedReading.Note(), let memory = try? File(inMemory: "what a child process prints"),
            let pid = try? ChildProcess.start(keeping: memory.descriptor)
        else { return nil }
        if pid == 0 {
            let copy = fcntl(memory.descriptor, F_DUPFD_CLOEXEC, 0)
            parent.withLock { $0 = Parent(note: note, memory: copy) }
            return nil
        }
        guard let child = try? ChildProcess(pid) else { return nil }
        var exitCode: Int32?
        do {
            // One that was killed leaves no exit code, and one that could not do its work leaves this one.
            try WatchedReading().wait(for: child, note) { status in
                exitCode = status & 0x7f == 0 && status != ECANCELED << 8 ? status >> 8 & 0xff : nil
            }
        } catch {
            brokenOff.store(true, ordering: .relaxed)
        }
        lseek(memory.descriptor, 0, SEEK_SET)
        guard let exitCode, let bytes = try? memory.readAll(upTo: .max), let printed = parse(bytes) else { return nil }
        return End(exitCode: exitCode, printed: printed)
    }

    /// Hands `bytes` over to the parent, which writes them to `descriptor`; false if no parent watches this process.
    package static func print(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        parent.withLock { parent in
            guard let memory = parent?.memory else { return false }
            var record = [UInt8(descriptor)]
            record.appendSized(bytes)
            do throws(SystemError) {
                try File(copying: memory).write(record)
            } catch {
                // By this the parent knows that it has to go on by itself.
                _exit(ECANCELED)
            }
            return true
        }
    }

    /// Nil if the bytes were cut off.
    private static func parse(_ bytes: [UInt8]) -> [Printed]? {
        var printed: [Printed] = []
        var rest = bytes[...]
        while let descriptor = rest.popFirst() {
            guard let bytes = rest.popSized() else { return nil }
            printed.append(Printed(bytes: Array(bytes), descriptor: Int32(descriptor)))
        }
        return printed
    }
}

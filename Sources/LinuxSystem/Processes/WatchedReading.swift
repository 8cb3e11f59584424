private import CSystem
private import Glibc
private import Synchronization

/// A reading of files in a child process, which is given up if a file does not answer.
///
/// A call on a file of a dead server, or on an attribute whose driver hangs, never returns, and no signal ends it. A child
/// can be left behind. It has none of the parent's files open, so it keeps no lock.
package struct WatchedReading: Sendable {
    private let patience: Duration
    private let grace: Duration
    private let asksAgain: Bool
    private let kill: @Sendable (Int32) -> Void

    /// A reading in which each file may take as long as `patience`. A child that is killed has `grace` to end; `kill` is what
    /// is done to it.
    ///
    /// - Parameter asksAgain: A file that did not answer a moment ago is asked again, and not taken to be as it was.
    package init(
        asksAgain: Bool = false,
        patience: Duration = Self.patienceWithFiles,
        grace: Duration = .milliseconds(500),
        kill: @escaping @Sendable (Int32) -> Void = { _ = Glibc.kill($0, SIGKILL) }
    ) {
        self.asksAgain = asksAgain
        self.patience = patience
        self.grace = grace
        self.kill = kill
    }

    /// How long a file may take. In a debug build, which is never installed, the tests choose it, in milliseconds.
    package static var patienceWithFiles: Duration {
        #if DEBUG
            if let limit = environmentVariable("DAXSWITCH_TEST_PATIENCE").flatMap({ Int($0) }) {
                return .milliseconds(limit)
            }
        #endif
        return .seconds(10)
    }

    /// The child's exit code if its answer is larger than a file may be (RLIMIT_FSIZE).
    static let isNotKept: Int32 = 2
    /// The child's exit code if it was to ask a file that did not answer before.
    private static let isSilent: Int32 = 3

    /// The files that did not answer, what is said of each, and until when they are not asked again: one that hangs is waited for
    /// once, however often a command comes by.
    private static let silent = Mutex<[String: (until: SuspendingClock.Instant, error: SystemError)]>([:])
    private static let silence = Duration.seconds(60)

    /// What the child is doing, for its parent.
    @safe
    package struct Note: @unchecked Sendable {
        // Only the child writes, and only the parent takes it back.
        fileprivate let memory: OpaquePointer
        /// What the child is not to ask.
        private let silent: Set<String>

        /// - Throws: `SystemError` with the errno.
        package init(leavingOut silent: Set<String> = []) throws(SystemError) {
            self.silent = silent
            guard let memory = unsafe daxswitch_make_note() else { throw .failing("make the note of a child process") }
            unsafe self.memory = memory
        }

        /// Notes that the file at `path` is asked for something while `question` runs.
        package func during<Value, Failure: Error>(
            _ path: String,
            _ question: () throws(Failure) -> Value
        ) throws(Failure) -> Value {
            unsafe daxswitch_note_question(memory, path)
            if !silent.isEmpty && silent.contains(path) { _exit(WatchedReading.isSilent) }
            defer { unsafe daxswitch_note_answer(memory) }
            return try question()
        }

        /// Gives its memory back; it must no longer be used.
        package func drop() { unsafe daxswitch_drop_note(memory) }

        fileprivate var count: UInt { unsafe UInt(daxswitch_note_count(memory)) }

        fileprivate var path: String { unsafe String(cString: daxswitch_noted_path(memory)) }
    }

    /// Has `body` read in a child; what it gives back is given back here. If this process is one that its parent watches, `body`
    /// reads here.
    ///
    /// - Throws: `SystemError` `.timedOut` if a file did not answer, `.hung` if the child could not even be killed then and
    ///   was left behind, `.ended` if the child died; another if no child can be started.
    package func answer(_ body: (Note) -> [UInt8]) throws(SystemError) -> [UInt8] {
        if let note = Supervision.note { return body(note) }
        let answer = try File(inMemory: "the answer of a child process")
        let now = SuspendingClock.now
        let isAskedAgain = asksAgain && !Supervision.wasBrokenOff
        let silent = isAskedAgain ? [] : Self.silent.withLock { Set($0.filter { $0.value.until > now }.keys) }
        let note = try Note(leavingOut: silent)
        defer { note.drop() }
        let pid = try ChildProcess.start(keeping: answer.descriptor)
        if pid == 0 {
            let bytes = body(note)
            _exit((try? answer.write(bytes)) == nil ? Self.isNotKept : 0)
        }
        let child = try ChildProcess(pid, kill: kill)
        try wait(for: child, note) { (status) throws(SystemError) in try Self.check(status, note) }
        lseek(answer.descriptor, 0, SEEK_SET)
        return try answer.readAll()
    }

    /// Waits while files answer `child`, then calls `ended` with the status that waitpid(2) gave for it; returns if it can be read
    /// from `answer` before.
    ///
    /// - Parameter limit: How long it may ask no file, as if somebody has stopped it; nil for any time.
    /// - Throws: `SystemError` `.timedOut` if a file did not answer, `.hung` if the child could not even be killed then and
    ///   was left behind; what `ended` throws.
    func wait(
        for child: borrowing ChildProcess,
        _ note: Note,
        orFor answer: Int32 = -1,
        idleLimit limit: Duration? = nil,
        _ ended: (Int32) throws(SystemError) -> Void
    ) throws(SystemError) {
        var count: UInt = 0
        var since = SuspendingClock.now
        var asked = since
        var stack: String?
        var isIdle = false
        let end = child.wait(
            orFor: answer,
            while: {
                // Called ten times a second: both processes were stopped, as by Ctrl-Z. That is not the file's time.
                if SuspendingClock.now - asked > .seconds(1) { since = SuspendingClock.now }
                asked = SuspendingClock.now
                let now = note.count
                isIdle = now.isMultiple(of: 2)
                if now == count, let limit = isIdle ? limit : patience {
                    if SuspendingClock.now - since < limit { return true }
                    stack = child.kernelStack
                    return false
                }
                count = now
                since = SuspendingClock.now
                return true
            },
            grace: grace
        )
        guard let end else { return }
        if case .ended(let status) = end { return try ended(status) }
        if isIdle {
            let what = "the process that read the machine did not go on"
            if end == .hangs {
                throw SystemError(.hung, "\(what), and process \(child.pid) is still there", cause: stack)
            }
            throw SystemError(.ended, what)
        }
        let what = "\(note.path) did not answer within \(patience.components.seconds) s"
        let error =
            end == .hangs
            ? SystemError(.hung, "\(what), and process \(child.pid) still waits for it", cause: stack)
            : SystemError(.timedOut, what, cause: stack.map { "in the kernel: \($0)" })
        let path = note.path
        Self.silent.withLock { $0[path] = (SuspendingClock.now + Self.silence, error) }
        throw error
    }

    /// What a child's end with `status` says of its reading.
    static func check(_ status: Int32, _ note: Note) throws(SystemError) {
        switch status {
        case 0: return
        case isSilent << 8:
            let path = note.path
            throw silent.withLock { $0[path]?.error } ?? SystemError(.timedOut, "\(path) did not answer")
        case ECANCELED << 8: throw SystemError(.unavailable, "a child process did not know whether its parent is there")
        case isNotKept << 8: throw SystemError(.unavailable, "a child process could not save what it read")
        default: throw SystemError(.ended, "the process that read the machine was killed", cause: "status \(status)")
        }
    }
}

extension File {
    /// An empty file without a place in any file system.
    ///
    /// - Throws: `SystemError` with the errno.
    init(inMemory name: String) throws(SystemError) {
        let descriptor = daxswitch_make_memory_file()
        if descriptor < 0 { throw .failing("make \(name)") }
        self.init(owning: descriptor, path: name)
    }
}

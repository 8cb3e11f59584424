private import Glibc
private import Synchronization

/// What answers questions about files, one after the other.
package protocol AnsweringProcess: Sendable {
    /// What it does with a question: it gives its answer to the last parameter, in any number of parts.
    typealias Body = @Sendable (WatchedReading.Note, [UInt8], @escaping @Sendable ([UInt8]) -> Void) -> Void
    /// Gets the next part of an answer; nil behind the last.
    ///
    /// - Throws: `SystemError` as `WatchedReading.answer(_:)` does.
    typealias Parts = @Sendable () throws(SystemError) -> [UInt8]?

    /// Asks `question`, which has at least one byte and at most 64 KiB.
    ///
    /// - Returns: The parts of its answer, once that has begun. With the next question it is over.
    /// - Throws: `SystemError` as `WatchedReading.answer(_:)` does.
    func ask(_ question: [UInt8]) throws(SystemError) -> Parts

    /// The next question is asked of a new process.
    func restart()
}

/// A child process that reads files as often as its parent asks, and is given up if a file does not answer.
///
/// For a run, which reads the machine before and after each of its steps. Starting a child takes as long as one reading: both
/// processes then copy each page that they write, and the child makes again what it needs.
///
/// - Precondition: This process has no other threads while it asks: what one of them has locked at the start would stay locked in
///   the child.
package final class ReadingProcess: AnsweringProcess {
    private let body: Body
    private let last = Mutex<Answer?>(nil)

    /// A process that answers each question by `body`. It is started with the first one.
    package init(_ body: @escaping Body) { self.body = body }

    /// As `AnsweringProcess` says. A child that was killed while it waited is replaced.
    package func ask(_ question: [UInt8]) throws(SystemError) -> Parts {
        let answer = try answer(to: question)
        return { () throws(SystemError) in try answer.nextPart() }
    }

    private func answer(to question: [UInt8]) throws(SystemError) -> Answer {
        try last.withLock { (last) throws(SystemError) in
            if let earlier = last.take(), earlier.isReadToItsEnd() {
                do throws(SystemError) {
                    let answer = try Answer(to: question, by: earlier.child)
                    last = answer
                    return answer
                } catch {
                    // Killed while it waited: nothing of the run is lost.
                    if error.code != .ended { throw error }
                }
            }
            let answer = try Answer(to: question, by: Child.start(body))
            last = answer
            return answer
        }
    }

    /// As `AnsweringProcess` says.
    package func restart() { last.withLock { $0 = nil } }

    /// An answer, which arrives in parts.
    private final class Answer: Sendable {
        private enum State {
            case begun([UInt8])
            case coming, over
            case failed(SystemError)
        }

        let child: Child
        private let state: Mutex<State>

        init(to question: [UInt8], by child: Child) throws(SystemError) {
            self.child = child
            try child.ask(question)
            state = Mutex(try child.receive().map { .begun($0) } ?? .over)
        }

        /// Reads what is left of it; false if that fails.
        func isReadToItsEnd() -> Bool {
            do throws(SystemError) {
                while try nextPart() != nil {}
                return true
            } catch {
                return false
            }
        }

        /// The next part; nil behind the last.
        func nextPart() throws(SystemError) -> [UInt8]? {
            try state.withLock { (state) throws(SystemError) in
                switch state {
                case .over: return nil
                case .failed(let error): throw error
                case .begun(let part):
                    state = .coming
                    return part
                case .coming:
                    do throws(SystemError) {
                        if let part = try child.receive() { return part }
                        state = .over
                        return nil
                    } catch {
                        state = .failed(error)
                        throw error
                    }
                }
            }
        }
    }
}

/// The child as its parent has it. It ends with its parent, or once nobody has the other end of its socket open; it is not waited
/// for then.
private final class Child: @unchecked Sendable {
    // One answer at a time uses it: the next question is asked once the answer before is over.
    private let process: ChildProcess
    private let note: WatchedReading.Note
    /// A question goes through it, and the parts of its answer, each with `isPart` in front; behind the last one `isEnd` alone.
    private let socket: File

    private static let longestQuestion = 1 << 16
    /// How long it may do something else than ask files, such as take apart what it read: 2 minutes.
    private static var idleLimit: Duration { WatchedReading.patienceWithFiles * 12 }
    /// A message of this size and one byte, in bytes, has room in the smallest buffer that a host can give sockets.
    private static let longestPart = 4096
    private static let isEnd: UInt8 = 0
    private static let isPart: UInt8 = 1

    private init(_ process: consuming ChildProcess, _ note: WatchedReading.Note, _ socket: consuming File) {
        self.process = process
        self.note = note
        self.socket = socket
    }

    deinit { note.drop() }

    /// Starts it. - Throws: `SystemError` with the errno.
    static func start(_ body: AnsweringProcess.Body) throws(SystemError) -> Child {
        let note = try WatchedReading.Note()
        do throws(SystemError) {
            return try start(note, body)
        } catch {
            note.drop()
            throw error
        }
    }

    private static func start(
        _ note: WatchedReading.Note,
        _ body: AnsweringProcess.Body
    ) throws(SystemError) -> Child {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else {
            throw .failing("make a pair of sockets")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let socket = File(owning: ends[0], path: "a socket")
        let other = File(owning: ends[1], path: "a socket")
        let pid = try ChildProcess.start(keeping: other.descriptor)
        if pid == 0 {
            serve(other.descriptor, note, body)
            _exit(0)
        }
        return Child(try ChildProcess(pid), note, socket)
    }

    /// In the child: answers until the parent is gone. It ignores the signals that end a run: after one of them the parent still reads.
    private static func serve(_ socket: Int32, _ note: WatchedReading.Note, _ body: AnsweringProcess.Body) {
        for signal in [SIGINT, SIGTERM, SIGHUP] { _ = Glibc.signal(signal, SIG_IGN) }
        var buffer = [UInt8](repeating: 0, count: longestQuestion)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            body(note, Array(buffer[..<count])) { part in
                var rest = part[...]
                while !rest.isEmpty {
                    if !send([isPart] + rest.prefix(longestPart), through: socket) {
                        _exit(errno == EPIPE ? 0 : WatchedReading.isNotKept)
                    }
                    rest = rest.dropFirst(longestPart)
                }
            }
            guard send([isEnd], through: socket) else { return }
        }
    }

    /// Sends it `question`. - Throws: `SystemError` with the errno.
    func ask(_ question: [UInt8]) throws(SystemError) {
        guard question.count <= Self.longestQuestion else {
            throw SystemError(.unavailable, "a question to a child process is too long")
        }
        // A child that has ended says by its end why.
        guard Self.send(question, through: socket.descriptor) || [EPIPE, ECONNRESET].contains(errno) else {
            throw .failing("ask a child process")
        }
    }

    /// The next part of its answer; nil behind the last. After an error the child is of no use.
    ///
    /// - Throws: `SystemError` `.ended` if the child is no longer there; else as `WatchedReading.answer(_:)` does.
    func receive() throws(SystemError) -> [UInt8]? {
        let descriptor = socket.descriptor
        var message = [UInt8](repeating: 0, count: Self.longestPart + 1)
        while true {
            let count = unsafe message.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if count > 0 { return message[0] == Self.isEnd ? nil : Array(message[1..<count]) }
            // Once it has closed its end, it only has to end.
            try wait(orFor: count == 0 ? -1 : descriptor)
        }
    }

    /// Waits for the answer, or for the child's end, which is an error.
    private func wait(orFor answer: Int32) throws(SystemError) {
        try WatchedReading().wait(for: process, note, orFor: answer, idleLimit: Self.idleLimit) {
            (status) throws(SystemError) in
            try WatchedReading.check(status, note)
            throw SystemError(.ended, "the process that read the machine has ended")
        }
    }

    private static func send(_ bytes: [UInt8], through socket: Int32) -> Bool {
        while true {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            return count == bytes.count
        }
    }
}

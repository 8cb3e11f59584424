private import CSystem
private import Glibc
private import Synchronization

/// A child process that reads files as often as its parent asks, and is given up if a file does not answer.
///
/// For a run, which reads the machine before and after each of its steps. To start a child takes as long as what it reads: both
/// processes then copy each page that they write, and the child makes again what it needs.
package final class ReadingProcess: Sendable {
    private let read: @Sendable (WatchedReading.Note, [UInt8]) -> [UInt8]
    private let child = Mutex<Child?>(nil)

    /// A process that answers each question by `read`. It is started with the first one.
    package init(_ read: @escaping @Sendable (WatchedReading.Note, [UInt8]) -> [UInt8]) { self.read = read }

    /// The answer to `question`, which has at least one byte and at most 64 KiB.
    ///
    /// - Throws: `SystemError` as `WatchedReading.answer(_:)` does.
    package func answer(to question: [UInt8]) throws(SystemError) -> [UInt8] {
        try child.withLock { (child) throws(SystemError) in
            if let waiting = child.take() {
                do throws(SystemError) {
                    let answer = try waiting.answer(to: question)
                    child = consume waiting
                    return answer
                } catch {
                    // Whoever kills a process that only waits takes nothing from the run.
                    if error.code != .ended { throw error }
                }
            }
            let started = try Child.start(read)
            let answer = try started.answer(to: question)
            child = consume started
            return answer
        }
    }
}

/// The child as its parent has it. It ends once the parent has closed its socket.
private struct Child: ~Copyable {
    private let process: ChildProcess
    private let note: WatchedReading.Note
    /// A question goes through it, and the answer's size once that is whole in `memory`.
    private let socket: File
    private let memory: File

    private static let longestQuestion = 1 << 16

    /// Starts it. - Throws: `SystemError` with the errno.
    static func start(_ read: (WatchedReading.Note, [UInt8]) -> [UInt8]) throws(SystemError) -> Child {
        let note = try WatchedReading.Note()
        let memory = try File(inMemory: "the answer of a child process")
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else {
            throw .failing("make a pair of sockets")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let socket = File(owning: ends[0], path: "a socket")
        let other = File(owning: ends[1], path: "a socket")
        // Else the child would write again what stands in the buffers.
        fflush(nil)
        let pid = daxswitch_start_child()
        if pid == 0 {
            daxswitch_keep_only(other.descriptor, memory.descriptor)
            _exit(serve(other, memory, note, read))
        }
        guard pid > 0 else { throw .failing("start a child process") }
        return Child(process: try ChildProcess(pid), note: note, socket: socket, memory: memory)
    }

    deinit { note.drop() }

    /// In the child: answers until the parent is gone; its exit code then. It ignores the signals that end a run: after one of them the parent still reads.
    private static func serve(
        _ socket: borrowing File,
        _ memory: borrowing File,
        _ note: WatchedReading.Note,
        _ read: (WatchedReading.Note, [UInt8]) -> [UInt8]
    ) -> Int32 {
        for signal in [SIGINT, SIGTERM, SIGHUP] { _ = Glibc.signal(signal, SIG_IGN) }
        var buffer = [UInt8](repeating: 0, count: longestQuestion)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(socket.descriptor, $0.baseAddress, $0.count, 0)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return 0 }
            let answer = read(note, Array(buffer[..<count]))
            lseek(memory.descriptor, 0, SEEK_SET)
            guard (try? memory.append(answer)) != nil else { return WatchedReading.isNotKept }
            guard send(Array("\(answer.count)".utf8), through: socket) else { return 0 }
        }
    }

    /// The answer to `question`. After an error the child is of no use.
    ///
    /// - Throws: `SystemError` `.ended` if the child is no longer there; else as `WatchedReading.answer(_:)` does.
    func answer(to question: [UInt8]) throws(SystemError) -> [UInt8] {
        // A child that has ended says by its end why.
        guard Self.send(question, through: socket) || errno == EPIPE else { throw .failing("ask a child process") }
        try wait(orFor: socket.descriptor)
        // Without a size, it can be read since the child has closed its end.
        guard let size = receivedSize() else {
            try wait(orFor: -1)
            return []
        }
        var bytes: [UInt8] = []
        lseek(memory.descriptor, 0, SEEK_SET)
        // Behind it may be the rest of a longer answer.
        while bytes.count < size {
            let part = try memory.readPart()
            if part.isEmpty {
                throw SystemError(.ended, "the process that read the machine left its answer incomplete")
            }
            bytes += part
        }
        return Array(bytes.prefix(size))
    }

    /// The size of the answer that is ready; nil if the child has sent none.
    private func receivedSize() -> Int? {
        var message = [UInt8](repeating: 0, count: 32)
        let count = unsafe message.withUnsafeMutableBytes {
            unsafe recv(socket.descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
        return Int(String(decoding: message.prefix(max(count, 0)), as: UTF8.self))
    }

    /// Waits for the answer, or for the child's end, which is an error.
    private func wait(orFor answer: Int32) throws(SystemError) {
        try WatchedReading().wait(for: process, note, orFor: answer) { (status) throws(SystemError) in
            try WatchedReading.check(status, note)
            throw SystemError(.ended, "the process that read the machine has ended")
        }
    }

    private static func send(_ bytes: [UInt8], through socket: borrowing File) -> Bool {
        let descriptor = socket.descriptor
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        return count == bytes.count
    }
}

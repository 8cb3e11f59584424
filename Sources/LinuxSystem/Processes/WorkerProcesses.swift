private import CSystem
private import Glibc

/// Child processes that share work, one for each processor; the results come in the order in which the work was given out.
///
/// They are processes and not threads because the work starts processes of its own (an unpacker, a reading that may hang): a
/// fork copies a process with threads in the middle of what the other threads do, and hands on the pipes that they have open.
package final class WorkerProcesses {
    /// Each is started when there is a task for it: task N is done by worker N modulo `limit`.
    private var workers: [Worker] = []
    /// How many there can be; 0 if the process does the work itself.
    private var limit: Int
    /// The tasks of which the result was not taken yet, the oldest first.
    private var outstanding: [[UInt8]] = []
    private var taken = 0

    private struct Worker {
        let pid: Int32
        /// Where it reads its tasks and writes its results.
        let socket: Int32
    }

    /// What a worker made of a task.
    package struct Answer {
        /// The task.
        package let task: [UInt8]
        /// The result; nil if the worker was killed over it.
        package let bytes: [UInt8]?
        /// What the work wrote to standard error.
        package let complaints: [UInt8]
    }

    /// Each worker has the memory of a process.
    private static let mostWorkers = 16
    /// One task is done, and the next one is there when it is finished.
    private static let tasksEach = 2
    /// Bytes of a task that can wait while the worker is busy.
    private static let shortTask = 1024

    /// The processors that this process may run on.
    package static var processors: Int { Int(daxswitch_count_processors()) }

    /// Workers that share the processors; none on a single one.
    package init(processors: Int = processors) {
        limit = processors > 1 ? min(processors, Self.mostWorkers) : 0
    }

    deinit {
        // A worker without tasks ends.
        for worker in workers { close(worker.socket) }
        for worker in workers { while waitpid(worker.pid, nil, 0) < 0 && errno == EINTR {} }
    }

    /// Whether a result is still to be taken.
    package var hasOutstanding: Bool { !outstanding.isEmpty }

    /// Whether `task` can be given out before another result is taken.
    package func hasRoom(for task: [UInt8]) -> Bool {
        !hasOutstanding || task.count <= Self.shortTask && outstanding.count < limit * Self.tasksEach
    }

    /// Gives out a task, for which there must be room; `work` is what the workers do.
    ///
    /// - Returns: false if there is no worker: the caller does it.
    package func give(_ task: [UInt8], _ work: ([UInt8]) -> [UInt8]) -> Bool {
        if workers.count < limit {
            // If no more processes can be started, those that are there do the rest.
            do { workers.append(try Self.start(work)) } catch { limit = workers.count }
        }
        guard limit > 0 else { return false }
        // To a worker that was killed nothing can be sent; that is found out when its results are taken.
        try? Self.send(task, to: workers[(taken + outstanding.count) % limit].socket)
        outstanding.append(task)
        return true
    }

    /// What was made of the oldest task; waited for. Another worker takes the place of one that was killed.
    ///
    /// - Throws: `SystemError` if a worker was killed and no other one can be started.
    package func take(_ work: ([UInt8]) -> [UInt8]) throws(SystemError) -> Answer {
        let place = taken % limit
        let task = outstanding.removeFirst()
        taken += 1
        let socket = workers[place].socket
        if let bytes = try? Self.receive(from: socket), let complaints = try? Self.receive(from: socket) {
            return Answer(task: task, bytes: bytes, complaints: complaints)
        }
        let killed = workers[place]
        workers[place] = try Self.start(work)
        close(killed.socket)
        while waitpid(killed.pid, nil, 0) < 0 && errno == EINTR {}
        for (index, task) in outstanding.enumerated() where (taken + index) % limit == place {
            try? Self.send(task, to: workers[place].socket)
        }
        return Answer(task: task, bytes: nil, complaints: [])
    }

    private static func start(_ work: ([UInt8]) -> [UInt8]) throws(SystemError) -> Worker {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .failing("make a pair of sockets")
        }
        defer { close(ends[1]) }
        do throws(SystemError) {
            // Not with the sockets of other workers: they would not see their end.
            let pid = try ChildProcess.start(keeping: ends[1])
            if pid == 0 { serve(work, ends[1]) }
            return Worker(pid: pid, socket: ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }

    /// In the child: does one task after the other until there are no more.
    private static func serve(_ work: ([UInt8]) -> [UInt8], _ socket: Int32) -> Never {
        let complaints = daxswitch_make_memory_file()
        if complaints >= 0 { dup2(complaints, STDERR_FILENO) }
        while let task = try? receive(from: socket) {
            let result = work(task)
            guard (try? send(result, to: socket)) != nil, (try? send(takeComplaints(), to: socket)) != nil else {
                break
            }
        }
        _exit(0)
    }

    /// What stands in the memory file that is standard error.
    private static func takeComplaints() -> [UInt8] {
        let count = Int(lseek(STDERR_FILENO, 0, SEEK_CUR))
        guard count > 0, lseek(STDERR_FILENO, 0, SEEK_SET) == 0 else { return [] }
        let bytes = (try? read(count, from: STDERR_FILENO)) ?? []
        if ftruncate(STDERR_FILENO, 0) == 0 { lseek(STDERR_FILENO, 0, SEEK_SET) }
        return bytes
    }

    /// Writes the number of bytes, then the bytes. A worker that was killed is an error, and not a signal.
    private static func send(_ bytes: [UInt8], to socket: Int32) throws(SystemError) {
        let count = UInt64(bytes.count)
        var rest = (stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: count >> UInt64($0)) } + bytes)[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 && errno == EINTR { continue }
            guard sent > 0 else { throw .failing("write to a worker process") }
            rest = rest.dropFirst(sent)
        }
    }

    /// What was sent; nil at the end.
    private static func receive(from socket: Int32) throws(SystemError) -> [UInt8]? {
        guard let head = try read(8, from: socket) else { return nil }
        return try read(Int(head.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }), from: socket)
    }

    /// So many bytes; nil if there are fewer before the end.
    private static func read(_ count: Int, from descriptor: Int32) throws(SystemError) -> [UInt8]? {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let part = unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled)
                if part < 0 && errno == EINTR { continue }
                if part < 0 { failure = errno }
                guard part > 0 else { return }
                filled += part
            }
        }
        // A worker that is killed while it has a task resets the connection.
        if failure != 0 && failure != ECONNRESET { throw .failing("read from a worker process", failure) }
        return bytes.count == count ? bytes : nil
    }
}

import Glibc
import LinuxSystem
import Testing

@Suite("work shared among processes")
struct WorkerProcessesTests {
    /// What becomes of numbers that workers are given, in the order of the results, with what was complained.
    private func results(
        of numbers: Range<UInt8>,
        processors: Int,
        _ work: ([UInt8]) -> [UInt8]
    ) throws -> (bytes: [[UInt8]], complaints: String) {
        let workers = WorkerProcesses(processors: processors)
        var (bytes, complaints) = ([[UInt8]](), [UInt8]())
        func take() throws {
            let answer = try workers.take(work)
            bytes.append(answer.bytes ?? Array("killed over \(answer.task)".utf8))
            complaints += answer.complaints
        }
        for number in numbers {
            while !workers.hasRoom(for: [number]) { try take() }
            if !workers.give([number], work) { bytes.append(work([number])) }
        }
        while workers.hasOutstanding { try take() }
        return (bytes, String(decoding: complaints, as: UTF8.self))
    }

    @Test("results come in the order of the tasks, however long each takes", arguments: [1, 2, 5])
    func order(processors: Int) throws {
        let found = try results(of: 0..<12, processors: processors) { task in
            // Every third is slow.
            if task[0] % 3 == 0 { _ = poll(nil, 0, 20) }
            return task
        }
        #expect(found.bytes == (0..<12).map { [$0] })
    }

    @Test("each worker is another process; a single processor needs none")
    func processes() throws {
        let pid = { (_: [UInt8]) in Array("\(getpid())".utf8) }
        #expect(Set(try results(of: 0..<8, processors: 3, pid).bytes).count == 3)
        #expect(Set(try results(of: 0..<8, processors: 1, pid).bytes) == [pid([])])
    }

    @Test("a result that is larger than what waits in a socket, and an empty one")
    func large() throws {
        let found = try results(of: 0..<6, processors: 2) {
            [UInt8](repeating: $0[0], count: $0[0] % 2 == 0 ? 0 : 1 << 20)
        }
        #expect(found.bytes.map(\.count) == [0, 1 << 20, 0, 1 << 20, 0, 1 << 20])
        #expect(found.bytes.allSatisfy { Set($0).count <= 1 } && found.bytes[5].first == 5)
    }

    @Test("what the work writes to standard error comes with its result")
    func complaints() throws {
        let found = try results(of: 0..<5, processors: 2) { task in
            if task[0] != 2 { try? File(copying: STDERR_FILENO).write([UInt8(ascii: "a") + task[0]]) }
            return task
        }
        #expect(found.complaints == "abde")
    }

    @Test("a task longer than a path is given out once nothing waits")
    func longTask() throws {
        let workers = WorkerProcesses(processors: 2)
        #expect(workers.give([1]) { $0 })
        let long = [UInt8](repeating: 7, count: 300_000)
        #expect(!workers.hasRoom(for: long) && workers.hasRoom(for: [1]))
        _ = try workers.take { $0 }
        #expect(workers.hasRoom(for: long))
        #expect(workers.give(long) { $0 })
        #expect(try workers.take { $0 }.bytes == long)
    }

    @Test(
        "where a worker is killed, that is the result of its task; all other tasks are done, in order",
        arguments: [2, 3]
    )
    func killed(processors: Int) throws {
        let found = try results(of: 0..<9, processors: processors) { task in
            if task[0] == 1 || task[0] == 6 { _exit(9) }
            return task
        }
        let expected = (0..<9).map { [1, 6].contains($0) ? Array("killed over [\($0)]".utf8) : [UInt8($0)] }
        #expect(found.bytes == expected)
    }
}

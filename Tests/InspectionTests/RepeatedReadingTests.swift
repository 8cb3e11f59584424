import Foundation
import LinuxSystem
import Machine
import Synchronization
import TestCaptures
import Testing

@testable import Inspection

/// A run reads one machine many times, in one child process and at the same time in its own.
@Suite("Readings one after the other")
struct RepeatedReadingTests {
    /// In place of the child: reads in this process, all at once. `ReadingProcessTests` has a real one, and the lab a run with both.
    private final class TestProcess: AnsweringProcess {
        private let body: Body
        private let count = Mutex(0)

        init(_ body: @escaping Body) { self.body = body }

        /// How often it was to be replaced.
        var restarts: Int { count.withLock { $0 } }

        func ask(_ question: [UInt8]) throws(SystemError) -> Parts {
            let note = try WatchedReading.Note()
            defer { note.drop() }
            let parts = Mutex<[[UInt8]]>([])
            body(note, question) { part in parts.withLock { $0.append(part) } }
            return { parts.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
        }

        func restart() { count.withLock { $0 += 1 } }
    }

    /// Readings of the machine that is at `place` at the time.
    private func readings(at place: String) -> RepeatedReading {
        RepeatedReading(
            of: { .files(in: place) },
            log: TestLog { RecordedKernelLog(tree: DirectoryTree(root: place)).content() },
            by: { TestProcess($0) },
            Inspector.readOnce
        )
    }

    /// A log of which each reading is a new one.
    private struct TestLog: KernelLog {
        let read: @Sendable () -> KernelLogContent?

        func content() -> KernelLogContent? { read() }
    }

    /// As many records as `numbers` has.
    private static func records(_ numbers: Range<Int>) -> KernelLogContent {
        .records(numbers.compactMap { KernelLogRecord(Array("6,\($0),\($0),-;text".utf8)) })
    }

    /// Readings that ask for a file named after what they see of the log; `machine` and `child` are the logs of the two processes.
    private func readings(
        _ machine: KernelLogContent?,
        child: KernelLogContent?
    ) throws -> (RepeatedReading, TestProcess) {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "01-cxl-owned").path
        var process: TestProcess?
        let reading = RepeatedReading(
            of: { Material.files(in: root).with(DirectoryTree(root: root), TestLog { machine }) },
            log: TestLog { child },
            by: { body in
                let made = TestProcess(body)
                process = made
                return made
            }
        ) { (material, _) throws(InspectionError) in
            var count = 0
            if case .records(let records) = material.log.content() { count = records.count }
            _ = try material.tree.read("/a/file/\(count)")
            return (try Inspector(.files(in: root)).read(), ["records": [UInt8(count)]])
        }
        return (reading, try #require(process))
    }

    /// How many records such a reading sees.
    private static func seen(_ readings: RepeatedReading) throws -> UInt8? {
        try readings.read(with: []).files["records"]??.first
    }

    @Test("a child whose log has more records leaves them out: it asks for what its parent asks for")
    func longerLog() throws {
        let longer = try readings(Self.records(0..<7), child: Self.records(0..<9)).0
        #expect(try Self.seen(longer) == 7)
        let none = try readings(nil, child: Self.records(0..<9)).0
        #expect(try Self.seen(none) == 0)
    }

    @Test("a child that reads something else than its parent is replaced", arguments: [true, false])
    func contradiction(isContradicting: Bool) throws {
        // The oldest records of the child's log are lost.
        let (readings, process) = try readings(
            Self.records(0..<9),
            child: Self.records((isContradicting ? 3 : 0)..<9)
        )
        for _ in 0..<3 {
            if isContradicting {
                let error = #expect(throws: InspectionError.self) { try readings.read(with: []) }
                #expect(error?.code == .unstable)
            } else {
                #expect(try Self.seen(readings) == 9)
            }
        }
        #expect(process.restarts == (isContradicting ? 3 : 0))
    }

    @Test(
        "each moment of a recording, read after the others, is what it is on its own",
        arguments: [
            ("7.3.4", "locked-switch"), ("7.3.4", "auto-reload"), ("7.3.4", "auto-devdax"),
            ("6.12.107", "locked-reload"),
            ("6.12.107", "auto-kmem"),
        ]
    )
    func moments(kernel: String, scenario: String) throws {
        let place = TestCaptures.newDirectory() + "/machine"
        let reading = readings(at: place)
        let roots = TestCaptures.roots(kernel: kernel, scenario: scenario)
        #expect(roots.count > 3)
        // Back again too: what went away comes again.
        for root in roots + roots.reversed() {
            try? FileManager.default.removeItem(atPath: place)
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: root.path)
            let alone = try Inspector(.files(in: place)).read()
            #expect(try reading.read(with: []).machine == alone, "\(root)")
        }
    }

    @Test("a reading that fails leaves the next one right")
    func damaged() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "01-cxl-owned")
        let copy = try TestCaptures.copy(root)
        let reading = readings(at: copy.path)
        let machine = try reading.read(with: []).machine
        for path in ["/proc/iomem", "/sys/devices/system/memory/block_size_bytes"] {
            let file = copy.url(path).path
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try copy.write("not a number\n", to: path)
            let error = #expect(throws: InspectionError.self) { try reading.read(with: []) }
            #expect(error?.message.contains(path) == true, "\(error?.message ?? "")")
            try copy.write(text, to: path)
            #expect(try reading.read(with: []).machine == machine)
        }
    }

    /// The answers that a tree gives to three questions.
    private func log() throws -> [UInt8] {
        var files = FakeTree()
        files["/a"] = "1"
        files["/b"] = String(repeating: "2", count: 5000)
        let log = AnswerLog(of: files)
        _ = (try log.read("/a"), log.exists("/none"), try log.hasWords(["x", "y"], in: "/b"), try log.read("/b"))
        return log.bytes
    }

    @Test(
        "answers arrive in parts of any size; what is not there yet is waited for",
        arguments: [1, 3, 7, 4096, 100_000]
    )
    func parts(size: Int) throws {
        let rest = Mutex(try log()[...])
        let tree = AnsweredTree(of: FakeTree()) {
            rest.withLock { rest in
                defer { rest = rest.dropFirst(size) }
                return rest.isEmpty ? nil : Array(rest.prefix(size))
            }
        }
        #expect(try tree.text("/a") == "1")
        #expect(size > 7 || rest.withLock { $0.count } > 5000)
        #expect(try tree.text("/b")?.utf8.count == 5000)
        #expect(try tree.hasWords(["x", "y"], in: "/b") == [false, false] && !tree.exists("/none"))
        // The last answer is given again.
        #expect(try tree.text("/a") == "1")
        let error = #expect(throws: InspectionError.self) { try tree.read("/c") }
        #expect(error?.code == .unstable && tree.failure?.code == .unstable)
    }

    @Test("an answer that is cut off does not count") func cutOff() throws {
        let log = try log()
        for count in [1, log.count / 2, log.count - 1] {
            let tree = AnsweredTree(Array(log.prefix(count)), of: FakeTree())
            let error = #expect(throws: InspectionError.self) { try tree.read("/b") }
            #expect(error?.code == .unstable)
        }
    }

    @Test("a question without an answer makes the whole reading fail, also if what it asks for need not be there")
    func noAnswer() throws {
        let tree = AnsweredTree(of: FakeTree()) { () throws(SystemError) in
            throw SystemError(.timedOut, "/a did not answer within 10 s")
        }
        #expect(tree.failure == nil)
        let error = #expect(throws: InspectionError.self) {
            try tree.answering { (tree) throws(InspectionError) in
                if tree.exists("/a") || tree.linkTarget("/b") != nil { return }
                throw InspectionError(.badCapture, "there is no /a")
            }
        }
        #expect(error?.code == .notAnswering && error?.message.hasPrefix("/a did not answer") == true)
        #expect(throws: InspectionError.self) {
            try tree.answering { (tree) throws(InspectionError) in tree.exists("/a") }
        }
        let optional = #expect(throws: InspectionError.self) {
            try AnsweredTree(log(), of: FakeTree()).answering { (tree) throws(InspectionError) in
                (tree.optionalValue("/c"), try tree.read("/b"))
            }
        }
        #expect(optional?.code == .unstable && optional?.message.hasPrefix("/c was not read") == true)
    }
}

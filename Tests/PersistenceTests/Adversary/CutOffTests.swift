import Foundation
import Inspection
import LinuxSystem
import Machine
import TestCaptures
import Testing

@testable import Persistence

@Suite("Adversary, issue 10 number 11: a persist that is cut off")
struct CutOffTests {
    private let builder: RecordedBuilder
    private let image: String
    private var system: BootSystem { builder.system }

    init() throws {
        builder = try RecordedBuilder(root: TestCaptures.newDirectory(), runs: [{ 0 }])
        image = try builder.image("6.1.0", age: 60)
    }

    private func files() throws -> [String] { try system.present().keys.sorted() }

    private func plan(_ choice: BootChoice?) throws -> BootPlan {
        try BootPlan(choice: choice, builder: .dracut, present: try system.present())
    }

    /// `persist hmem` by a process that is killed at the `moment`-th time that it looks for a signal, or by the builder.
    private func persistKilled(at moment: Int) throws {
        let plan = try plan(.hmem)
        var looks = 0
        let system = BootSystem(root: builder.root) { [builder, image] _, _ in
            try builder.make(image)
            kill(getpid(), SIGKILL)
            return 0
        }
        let persisting = Persisting(on: system) {
            looks += 1
            if looks == moment { kill(getpid(), SIGKILL) }
            return nil
        }
        let end = exitCode {
            try? persisting.carryOut(plan, rebuildingBy: .initramfsTools)
            return 0
        }
        #expect(end == 128 + SIGKILL)
    }

    /// Before the first file, between the two, before the builder, in the builder.
    private static let moments = 1...4

    @Test(
        "killed at any moment: recover puts the files and the images back, and the second time there is nothing",
        arguments: moments
    )
    func recovered(moment: Int) throws {
        try persistKilled(at: moment)
        builder.runs = [
            { [builder, image] in
                try builder.make(image); return 0
            }
        ]
        #expect(try Persisting(on: system).recover() != nil)
        #expect(try files() == [])
        #expect(builder.count == (moment == 4 ? 1 : 0))
        #expect(try builder.text(image) == (moment == 4 ? "nothing" : ""))
        #expect(try system.journal() == nil && Persisting(on: system).recover() == nil)
    }

    @Test("killed at any moment: the next persist makes its own choice hold", arguments: moments)
    func completed(moment: Int) throws {
        try persistKilled(at: moment)
        builder.runs = [
            { [builder, image] in
                try builder.make(image); return 0
            }
        ]
        try Persisting(on: system).carryOut(try plan(.cxl), rebuildingBy: .initramfsTools)
        #expect(try files().count == 2 && builder.text(image).contains("softdep dax_hmem"))
        #expect(try system.journal() == nil)
    }

    @Test("killed in the builder: a persist that builds nothing is refused, and changes nothing")
    func unfinished() throws {
        try persistKilled(at: 4)
        let before = try system.present()
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: system).carryOut(try plan(nil), rebuildingBy: nil)
        }
        #expect(error?.code == .unfinished)
        #expect(try system.present() == before && system.journal()?.files == [:])
    }

    @Test("a persist after one that was killed, killed as well: recover goes back to before the first")
    func twice() throws {
        try persistKilled(at: 3)
        let plan = try plan(.cxl)
        let system = system
        let end = exitCode {
            let persisting = Persisting(on: system) {
                kill(getpid(), SIGKILL); return nil
            }
            try? persisting.carryOut(plan, rebuildingBy: nil)
            return 0
        }
        #expect(end == 128 + SIGKILL)
        _ = try Persisting(on: system).recover()
        #expect(try files() == [])
    }

    @Test("a file that somebody edited after the kill is not overwritten")
    func edited() throws {
        try persistKilled(at: 3)
        try system.put("# daxswitch persist hmem\noptions cxl_mem debug=1\n", at: Inspector.persistedPath)
        let error = #expect(throws: PersistenceError.self) { try Persisting(on: system).recover() }
        #expect(error?.code == .editedFile)
        #expect(try system.present()[Inspector.persistedPath]?.contains("debug=1") == true)
    }

    @Test("SIGINT while the images are built: the builder is stopped, and files and images are as before")
    func signal() throws {
        var signal: String?
        var builds = 0
        let system = BootSystem(root: builder.root) { [builder, image] _, goesOn in
            builds += 1
            try builder.make(image)
            if builds == 1 { signal = "SIGINT" }
            guard goesOn() else { throw SystemError(.ended, "the builder was stopped") }
            return 0
        }
        let plan = try plan(.hmem)
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: system, interruption: { signal }).carryOut(plan, rebuildingBy: .initramfsTools)
        }
        #expect(error?.code == .interrupted && error?.message.contains("SIGINT") == true)
        #expect(builds == 2)
        #expect(try files() == [] && builder.text(image) == "nothing" && system.journal() == nil)
    }

    @Test("a signal before anything is written: nothing is")
    func early() throws {
        let plan = try plan(.hmem)
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: system, interruption: { "SIGTERM" }).carryOut(plan, rebuildingBy: .initramfsTools)
        }
        #expect(error?.code == .interrupted)
        #expect(try files() == [] && builder.count == 0 && system.journal() == nil)
    }

    @Test("a builder that can't be stopped: nothing is built beside it, and the journal stays")
    func stuck() throws {
        var builds = 0
        let system = BootSystem(root: builder.root) { _, _ in
            builds += 1
            throw SystemError(.hung, "the builder was stopped and does not end")
        }
        let plan = try plan(.hmem)
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: system).carryOut(plan, rebuildingBy: .initramfsTools)
        }
        #expect(error?.code == .halfDone && builds == 1)
        #expect(try system.journal()?.hasBuilt == true)
    }

    @Test(
        "a journal that can't be read, or names other files, is said and obeyed nowhere",
        arguments: [
            "", "{", "{\"schema_version\":1,\"files\":{\"/etc/passwd\":\"\"},\"images\":{},\"has_built\":false}",
        ]
    )
    func damaged(text: String) throws {
        try system.put(text, at: ChoiceJournal.path)
        let error = #expect(throws: PersistenceError.self) { try Persisting(on: system).recover() }
        #expect(error?.code == .damagedJournal)
    }
}

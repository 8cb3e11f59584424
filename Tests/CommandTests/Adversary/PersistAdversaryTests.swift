import Foundation
import Inspection
import LinuxSystem
import Machine
import Persistence
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Adversary, issue 10 numbers 11, 12 and 15: persist", .enabled(if: Jail.obstacle == nil, "no chroot here"))
struct PersistAdversaryTests {
    private func machine() throws -> CaptureRoot {
        try TestCaptures.copyWithModules(
            try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
        )
    }

    private func isPersisted(_ root: CaptureRoot) -> Bool {
        FileManager.default.fileExists(atPath: root.path + Inspector.persistedPath)
    }

    @Test(
        "in a container: 77, and nothing is written, not even for a choice that is already there",
        arguments: [false, true]
    )
    func container(isThere: Bool) throws {
        let root = try machine()
        if isThere { #expect(try Jail.run(["persist", "hmem", "--yes"], in: root).status == 0) }
        let namespaces = root.url("/proc/self/ns")
        try FileManager.default.createDirectory(at: namespaces, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: namespaces.appendingPathComponent("pid").path,
            withDestinationPath: "pid:[4026532200]"
        )
        let ended = try Jail.run(["persist", "hmem", "--yes", "--json"], in: root)
        #expect(ended.status == 77)
        #expect(ended.complaint.contains("container"))
        let error = try ended.document()["error"] as? [String: Any]
        #expect(error?["code"] as? String == "not-permitted")
        #expect(isPersisted(root) == isThere)
    }

    @Test(
        "a policy file that another user owns: 77, as apply",
        .enabled(if: geteuid() == 0),
        arguments: ["persist", "apply"]
    )
    func policyOfAnother(command: String) throws {
        let root = try machine()
        let policy = root.url("/home/alice/mine.toml")
        try FileManager.default.createDirectory(
            at: policy.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: repository.appendingPathComponent("Policies/hmem.toml"), to: policy)
        #expect(unsafe chown(policy.deletingLastPathComponent().path, 4242, 4242) == 0)
        let ended = try Jail.run([command, "/home/alice/mine.toml", "--yes", "--json"], in: root)
        #expect(ended.status == 77)
        #expect(ended.complaint.contains("/home/alice belongs to user 4242") && !ended.complaint.contains("chown"))
        let error = try ended.document()["error"] as? [String: Any]
        #expect(error?["code"] as? String == "not-trusted")
        #expect(!isPersisted(root))
    }

    @Test("cut off between its files: recover undoes it, 1, with what it restored; then there is nothing to recover")
    func recover() throws {
        let root = try machine()
        let system = BootSystem(root: root.path)
        try system.put(
            #"{"schema_version":1,"files":{},"images":{},"has_built":false}"#,
            at: ChoiceJournal.path
        )
        let text = try #require(
            PersistedFile.wanted(for: .hmem, builder: nil).first { $0.path == Inspector.persistedPath }?.text
        )
        try system.put(text, at: Inspector.persistedPath)
        let preview = try Jail.run(["recover", "--dry-run", "--json"], in: root)
        #expect(preview.status == 0 && isPersisted(root))
        let ended = try Jail.run(["recover", "--yes", "--json"], in: root)
        #expect(ended.status == 1, "\(ended.complaint)")
        let document = try ended.document()
        #expect(try Schema(named: "recover").problems(document) == [])
        #expect(document["outcome"] as? String == "undone" && document["changed"] as? Bool == true)
        #expect(document["restored_files"] as? [String] == [Inspector.persistedPath])
        #expect(!isPersisted(root))
        #expect(try Jail.run(["recover", "--yes"], in: root).status == 0)
    }

    @Test(
        "persist and status say that it is not yet in an image, however new that is, also when there is nothing to write"
    )
    func notInImage() throws {
        let root = try machine()
        let release = try String(contentsOf: root.url("/proc/sys/kernel/osrelease"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let image = "/boot/initrd.img-\(release)"
        try WholeFile.write([], to: root.path + image)
        let attributes: [FileAttributeKey: Any] = [.modificationDate: Date.now + 3600]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: root.path + image)
        for outcome in ["done", "nothing-to-do"] {
            let document = try Jail.run(["persist", "hmem", "--yes", "--json"], in: root).document()
            #expect(try Schema(named: "persist").problems(document) == [])
            #expect(document["outcome"] as? String == outcome)
            let initramfs = document["initramfs"] as? [String: Any]
            #expect(initramfs?["pending_images"] as? [String] == [image] && initramfs?["stale"] as? Bool == true)
        }
        let text = try Jail.run(["persist", "hmem", "--yes"], in: root).sentences
        #expect(text.contains("the initramfs \(image)") && !text.contains("Nothing to do."))
        let status = try Jail.run(["status", "--json"], in: root).document()
        #expect(try Schema(named: "status").problems(status) == [])
        #expect((status["next_boot"] as? [String: Any])?["pending_images"] as? [String] == [image])
        #expect(try Jail.run(["status"], in: root).sentences.contains("the initramfs \(image)"))
    }

    @Test("a file of another user where the plan is to go: 1, and the file is as it was", .enabled(if: geteuid() == 0))
    func outOfAnother() throws {
        let path = try temporaryFile("plan.json", "theirs")
        #expect(unsafe chown(path, 4242, 4242) == 0)
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let ended = try Tool.run(["plan", "hmem", "--root", root.path, "--out", path])
        #expect(ended.status == 1 && ended.complaint.contains("belongs to user 4242"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "theirs")
    }
}

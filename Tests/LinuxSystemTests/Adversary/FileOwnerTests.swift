import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite(
    "Adversary, issue 10 number 15: files of other users",
    .enabled(if: geteuid() == 0, "only root can give files away")
)
struct FileOwnerTests {
    private let folder: String
    private let other: uid_t = 4242

    init() throws {
        folder = URL(fileURLWithPath: TestCaptures.newDirectory()).resolvingSymlinksInPath().path
        // As /tmp is.
        try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: folder)
    }

    private func give(_ path: String) { #expect(unsafe lchown(path, other, other) == 0) }

    private func file(_ name: String, _ text: String = "theirs") throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return "\(folder)/\(name)"
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// What `--out PATH` ends with; nil where it is written.
    private func written(_ path: String) -> SystemError? {
        do throws(SystemError) {
            try WriteTarget(path).write(Array("ours".utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("the advice changes no owner, and no mode of a directory", arguments: [0o755, 0o777])
    func advice(mode: Int) throws {
        let home = "\(folder)/home"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        let policy = try file("home/p.toml")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: home)
        if mode == 0o755 { give(home) }
        let problem = FileTrust.problem(with: try File(policy, O_RDONLY), trusting: 0)
        let said = try #require(problem)
        #expect(!said.contains("chown") && !said.contains("chmod"))
        #expect(said.contains("copy it to a directory that only root can write, such as /etc/daxswitch/policies"))
    }

    @Test("a file that another user put there is not replaced, so they don't own what root wrote")
    func planted() throws {
        let path = try file("plan.json")
        give(path)
        #expect(written(path)?.code == .notTrusted)
        #expect(try text(path) == "theirs")
    }

    @Test(
        "a link that another user made is not followed, whether it leads to a file or to nothing",
        arguments: [true, false]
    )
    func link(isThere: Bool) throws {
        let target = isThere ? try file("target") : "\(folder)/none"
        let link = "\(folder)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        give(link)
        #expect(written(link)?.code == .notTrusted)
        #expect(try isThere ? text(target) == "theirs" : !FileManager.default.fileExists(atPath: target))
    }

    @Test("a pipe of another user gets nothing, and nobody waits for its reader")
    func pipe() throws {
        let pipe = "\(folder)/pipe"
        #expect(unsafe mkfifo(pipe, 0o666) == 0)
        give(pipe)
        #expect(written(pipe)?.code == .notTrusted)
    }

    @Test("files of ours are replaced, and a device is written into")
    func ours() throws {
        let path = try file("own")
        #expect(written(path) == nil && written("/dev/null") == nil)
        #expect(try text(path) == "ours")
    }
}

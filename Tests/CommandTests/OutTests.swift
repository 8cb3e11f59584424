import Foundation
import TestCaptures
import Testing

@Suite("--out and --prometheus: where they write")
struct OutTests {
    private let folder = TestCaptures.newDirectory()
    private var file: String { "\(folder)/plan.json" }
    private var link: String { "\(folder)/link" }

    /// `plan hmem --out PATH`, started by a shell that does `before`; its standard output goes to `folder`/said.
    private func plan(out path: String, before: String = ":", json: Bool = false) throws -> Ended {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let script = "\(before); exec \"$@\" > '\(folder)/said'"
        let words = [Tool.path, "plan", "hmem", "--root", root.path, "--out", path] + (json ? ["--json"] : [])
        return try Tool.run(command: ["sh", "-c", script, "sh"] + words)
    }

    private func linkTarget() throws -> String { try FileManager.default.destinationOfSymbolicLink(atPath: link) }

    private func isPlan(_ text: String) throws -> Bool {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any] && text.contains("\"kind\" : \"plan\"")
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("a symbolic link stays one, and what it leads to is replaced or made", arguments: [true, false])
    func symbolicLink(isThere: Bool) throws {
        if isThere { try Data("old".utf8).write(to: URL(fileURLWithPath: file)) }
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/second", withDestinationPath: "plan.json")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(folder)/second")
        #expect(try plan(out: link).status == 0)
        #expect(try linkTarget() == "\(folder)/second")
        #expect(try isPlan(try String(contentsOfFile: file, encoding: .utf8)))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.sorted() == ["link", "plan.json", "said", "second"])
    }

    @Test("a link to standard output, as /dev/stdout is: the plan goes there, before what is said", arguments: [1, 7])
    func standardOutput(descriptor: Int) throws {
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/proc/self/fd/\(descriptor)")
        let ended = try plan(out: link, before: descriptor == 1 ? ":" : "exec 7> '\(file)'")
        #expect(ended.status == 0, "\(ended.complaint)")
        #expect(try linkTarget() == "/proc/self/fd/\(descriptor)")
        let said = try String(contentsOfFile: "\(folder)/said", encoding: .utf8)
        guard descriptor == 1 else {
            #expect(said.hasPrefix("Safe: 5 steps"))
            return #expect(try isPlan(try String(contentsOfFile: file, encoding: .utf8)))
        }
        let parts = said.split(separator: "\n}\n", maxSplits: 1)
        #expect(try isPlan("\(parts[0])\n}\n"))
        #expect(parts.count == 2 && parts[1].hasPrefix("Safe: 5 steps"))
    }

    @Test("a link that leads nowhere: an error, and the link is still there")
    func loop() throws {
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "link")
        let ended = try plan(out: link)
        #expect(ended.status == 1)
        #expect(ended.complaint.contains("link"))
        #expect(try linkTarget() == "link")
    }

    @Test(
        "a new plan, which holds addresses, is its owner's alone, whatever the umask",
        arguments: [0o077, 0o022, 0o002]
    )
    func umask(mask: Int) throws {
        #expect(try plan(out: file, before: "umask 0\(String(mask, radix: 8))").status == 0)
        #expect(try mode(file) == 0o600)
    }

    @Test("a file that is replaced keeps its mode, whatever the umask", arguments: [0o600, 0o640, 0o664, 0o444])
    func keptMode(mode: Int) throws {
        try Data("old".utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        #expect(try plan(out: file, before: "umask 027").status == 0)
        #expect(try self.mode(file) == mode)
        #expect(try isPlan(try String(contentsOfFile: file, encoding: .utf8)))
    }
}

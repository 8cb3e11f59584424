import Foundation
import TestCaptures
import Testing

/// `--root` with material from tickets, as a person gives it.
@Suite("Material on the command line") struct MaterialTests {
    private func folder() throws -> String {
        let folder = TestCaptures.newDirectory()
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-offlined")
        _ = try Tool.run(command: ["tar", "-cJf", "\(folder)/a.txz", "-C", root.path, "."])
        _ = try Tool.run(command: ["sh", "-c", "head -c 300000000 /dev/zero | xz -0 > \(folder)/bomb"])
        try "> 5d0000000-5efffffff : Soft Reserved  # here\r\n[snip]\r\n".write(
            toFile: "\(folder)/ticket.txt",
            atomically: true,
            encoding: .utf8
        )
        return folder
    }

    /// The processes that have a file open.
    private func users(of path: String) -> [String] {
        let manager = FileManager.default
        let processes = ((try? manager.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }
        return processes.filter { process in
            let files = (try? manager.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
            return files.contains { file in
                (try? manager.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(file)")) == path
            }
        }
    }

    @Test("nothing is written, and no process is left, also where the material is refused half-way")
    func leftovers() throws {
        let folder = try folder()
        let temporary = TestCaptures.newDirectory()
        for (name, status) in [("a.txz", 0), ("bomb", 65), ("ticket.txt", 0)] as [(String, Int32)] {
            let ended = try Tool.run(
                command: [Tool.path, "status", "--root", "\(folder)/\(name)"],
                in: temporary,
                environment: ["TMPDIR": temporary]
            )
            #expect(ended.status == status, "\(ended.complaint)")
            #expect(users(of: "\(folder)/\(name)").isEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(left == ["a.txz", "bomb", "ticket.txt"])
    }

    @Test("status tells on standard output, other commands on standard error") func told() throws {
        let ticket = try folder() + "/ticket.txt"
        let status = try Tool.run(["status", "--root", ticket])
        #expect(status.complaint.isEmpty && status.output.contains("\(ticket):1: \"# here\""))
        let plan = try Tool.run(["plan", "hmem", "--rules", "deferring", "--root", ticket])
        #expect(plan.complaint.contains("not understood: \(ticket):2: \"[snip]\""))
        #expect(plan.complaint.components(separatedBy: "not known: the recording does not include").count == 2)
        let many = try Tool.run(["plan", "hmem", "--rules", "deferring", "--root", ticket, "--root", ticket])
        #expect(many.complaint.components(separatedBy: "\(ticket): not known: ").count == 3)
        let document = try Tool.run(["status", "--root", ticket, "--json"]).document()
        let material = try #require(document["material"] as? [String: Any])
        let lines = try #require(material["not_understood"] as? [[String: Any]])
        #expect(lines.map { $0["line"] as? Int } == [1, 2])
        let ranges = try #require(document["ranges"] as? [[String: Any]])
        #expect(ranges.allSatisfy { $0["owner"] is NSNull && $0["use"] is NSNull } && ranges.count == 1)
    }

    @Test("what a stranger wrote reaches no terminal unescaped") func escapes() throws {
        let file = try temporaryFile("x.txt", "5d0000000-5efffffff : Soft Reserved\n\u{1b}[2Jgone\n")
        let status = try Tool.run(["status", "--root", file])
        #expect(status.status == 0 && !status.output.contains("\u{1b}") && status.output.contains("\\x1b[2Jgone"))
        #expect(try !Tool.run(["predict", "load:dax_hmem", "--root", file]).complaint.contains("\u{1b}"))
    }
}

import Foundation
import Inspection
import Ownership
import Persistence
import Policy
import Reload
import TestCaptures
import Testing

@testable import daxswitch

@Suite("persist")
struct PersistTests {
    private let root = TestCaptures.newDirectory()
    private var system: RunningSystem { RunningSystem(root: root) }

    /// What `persist` would do for a recorded machine, to an empty directory that stands for its file system.
    private func report(_ name: String, _ kernel: String, _ scenario: String, _ moment: String) throws -> PersistReport
    {
        let root = try TestCaptures.root(kernel: kernel, scenario: scenario, moment)
        var report = PersistReport()
        let policy = try PolicyLibrary(folders: []).find(name).policy
        do {
            _ = try PersistProposal(.policy(policy, try Inspector(root: root.path).read()), on: system, into: &report)
            report.outcome = .dryRun
        } catch {
            report.fail(Failure(error))
        }
        let data = Data(persistDocument(report).rendered.utf8)
        #expect(try Schema(named: "persist").problems(try JSONSerialization.jsonObject(with: data)) == [])
        return report
    }

    @Test("hmem over an unlocked region, which can't be had live, can be had from the next boot on")
    func unlocked() throws {
        let report = try report("hmem", "6.12.107", "auto-reload", "01")
        #expect(report.status == .done)
        #expect(report.changes.map(\.path) == [Inspector.persistedPath])
        #expect(
            persistPlanText(report, rebuilds: false, style: Style(hasColour: false)).contains {
                $0 == "    | install cxl_acpi /bin/false"
            }
        )
    }

    @Test("hmem over a window that nothing decodes: 3, by name")
    func undecoded() throws {
        let report = try report("hmem", "7.3.4", "no-region", "03")
        #expect(report.hazards.map(\.id) == [.undecodedRange])
        #expect(report.status == .refused)
    }

    @Test("a policy that no boot can bring: 65, with the unit that applies it at boot")
    func notPersistable() throws {
        let error = try #require(try report("reload", "7.3.4", "auto-reload", "04").error)
        #expect(error.status == .badData)
        #expect(error.message.contains("daxswitch-apply@reload.service"))
    }

    @Test("an image-based system: refused, with the line for the kernel command line")
    func image() throws {
        try StateDirectory.write(
            Array("25 1 7:0 / / ro - squashfs /dev/loop0 ro\n".utf8),
            to: "\(root)/proc/self/mountinfo"
        )
        let report = try report("hmem", "7.3.4", "auto-reload", "04")
        #expect(report.error?.status == .refused)
        #expect(report.commandLine == "module_blacklist=cxl_acpi")
        #expect(report.error?.message.contains("module_blacklist=cxl_acpi") == true)
    }

    @Test("the command line: a policy or --clear, and --yes where nobody can be asked")
    func usage() throws {
        for arguments in [["persist"], ["persist", "hmem", "--clear"], ["persist", "hmem"], ["persist", "--clear"]] {
            #expect(try Tool.run(arguments).status == 64)
        }
    }
}

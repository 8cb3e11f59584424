import Foundation
import Inspection
import Ownership
import Policy
import Referee
import TestCaptures
import Testing

@Suite("The referee finds what is not so")
struct RefereeTests {
    private func root(_ moment: String) throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", moment)
    }

    /// What the plan of policy hmem says on the machine before the switch.
    private func claim() throws -> Claim {
        let machine = try Inspector(root: root("cxl-owned").path).read()
        return Claim(try Planner(machine: machine).plan(try PolicyLibrary(folders: []).find("hmem").policy).prediction)
    }

    @Test("a plan is as the kernel was after its steps, and not as it was before them, in owners, modules and lines")
    func plan() throws {
        let claim = try claim()
        #expect(claim.owners.count == 1 && claim.modules.count > 3)
        #expect(KernelRecord(root: try root("hmem-owned").path).problems(with: claim) == [])
        let problems = KernelRecord(root: try root("cxl-owned").path).problems(with: claim)
        #expect(problems.contains { $0.contains("has a device of cxl") })
        #expect(problems.contains("cxl_acpi is in /proc/modules"))
        #expect(
            KernelRecord(root: try root("dax-out").path).problems(with: claim).contains {
                $0.contains("without a device")
            }
        )
    }

    @Test("a device that is one byte short, and a line that is not there")
    func missing() throws {
        let copy = try TestCaptures.copy(try root("hmem-owned"))
        let device = copy.url("/sys/bus/dax/devices/dax0.0").resolvingSymlinksInPath()
        try Data("0x5effffffe\n".utf8).write(to: device.appendingPathComponent("mapping0/end"))
        #expect(KernelRecord(root: copy.path).problems(with: try claim()).contains { $0.contains("without a device") })
        var lines = Claim()
        lines.lines = [(0x5_d000_0000...0x5_efff_ffff, "regionN"), (0x5_d000_0000...0x6_cfff_ffff, "CXL Window N")]
        #expect(KernelRecord(root: try root("cxl-owned").path).problems(with: lines) == [])
        #expect(KernelRecord(root: copy.path).problems(with: lines).count == 2)
    }

    @Test("what the policies want, by the devices and regions alone")
    func policies() throws {
        let (before, after) = (
            KernelRecord(root: try root("cxl-owned").path), KernelRecord(root: try root("hmem-owned").path)
        )
        #expect(before.problems(withPolicy: "cxl") == [] && before.problems(withPolicy: "hmem") != [])
        #expect(after.problems(withPolicy: "hmem") == [])
        #expect(KernelRecord(root: try root("dax-out").path).problems(withPolicy: "cxl") != [])
    }
}

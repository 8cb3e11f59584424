import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Long lists are folded")
struct FoldTests {
    private let style = Style(hasColour: false)
    /// Some screens.
    private let linesAtMost = 200

    /// A machine with a region in each window, of which neighbours differ: no two of them can be told together.
    private static func machine(_ count: Int) throws -> MachineState {
        var kernel = Kernel(release: "7.3.4")
        kernel.generation = Inferred(.coordinated, evidence: ["the test"])
        var machine = MachineState(kernel: kernel, iomem: IomemTree(inFileOrder: []))
        machine.modules.builtin = ["cxl_core", "cxl_port"]
        for (position, name) in ["dax_cxl", "dax_hmem", "cxl_pci", "cxl_mem", "cxl_acpi"].enumerated() {
            machine.modules.loaded[name] = LoadedModule(
                isLive: true,
                references: 0,
                users: [],
                address: 1,
                position: position
            )
        }
        machine.initialProbe = Inferred(.done, evidence: ["the test"])
        machine.memory.blockSize = 0x800_0000
        for number in 0..<count {
            let window = try #require(AddressRange(start: UInt64(number + 1) << 34, size: 1 << 33))
            let range = try #require(AddressRange(start: window.start, size: 1 << 31))
            machine.windows.append(
                Window(range: window, number: number, isLive: true, isFixed: false, sources: ["the test"])
            )
            machine.softReserved.append(SoftReservedRange(range: range, sources: ["the test"]))
            // By turns: owned by CXL, by dax_hmem over a region, by nobody, and by dax_hmem without a region.
            if number % 4 < 3 {
                machine.regions.append(
                    Region(
                        name: "region\(number)",
                        range: range,
                        mode: "ram",
                        committed: true,
                        locked: number % 2 == 0,
                        assembled: number % 4 == 0,
                        daxDriver: number % 4 == 0 ? "cxl_dax_region" : nil,
                        targets: ["decoder2.\(number)"]
                    )
                )
                machine.decoders.append(
                    Decoder(
                        name: "decoder2.\(number)",
                        kind: .endpoint,
                        range: range,
                        locked: number % 2 == 0,
                        region: "region\(number)"
                    )
                )
            }
            if number % 4 != 2 {
                machine.daxDevices.append(
                    DaxDevice(
                        name: "dax\(number).0",
                        ranges: [range],
                        owner: number % 4 == 0 ? .cxl : .hmem,
                        through: number % 4 == 0 ? "region\(number)" : "hmem.\(number)",
                        driver: nil
                    )
                )
            }
        }
        return machine
    }

    private func texts(_ lines: [Line]) -> [String] { lines.flatMap { $0.broken(at: style.width) }.map(\.text) }

    /// Every list tells how much more it has, and the text is short.
    private func check(_ text: [Line], has rests: [String], _ place: SourceLocation = #_sourceLocation) {
        let lines = texts(text)
        #expect(lines.count <= linesAtMost, sourceLocation: place)
        for rest in rests {
            #expect(
                lines.contains { $0.contains(rest) && $0.drop { $0 == " " }.hasPrefix("... and ") },
                "\(rest) in \(lines.filter { $0.contains("more") })",
                sourceLocation: place
            )
        }
    }

    @Test("status of 400 windows of which no two are alike, and what --all shows")
    func status() throws {
        let machine = try Self.machine(400)
        let status = MachineStatus(machine: machine, findings: findings(of: machine) { [] })
        #expect(Set(status.findings.map(\.id)).count > 2)
        check(
            statusText(status, style: style),
            has: ["380 more ranges", "280 more regions", "95 more no-owner", "--all shows them"]
        )
        check(statusText(status, Detail(hasMap: false), style: style), has: ["380 more windows"])
        check(statusText(status, Detail(isQuiet: true), style: style), has: ["more findings; --all shows them"])
        let all = texts(statusText(status, Detail(showsAll: true), style: style))
        #expect(!all.contains { $0.contains("more") } && all.count { $0.contains("CXL Window ") } == 400)
        #expect(all.count { $0.contains("no-owner (loss): ") } == 100)
    }

    @Test("a plan and a prediction for them, a comparison with another such machine, and a policy's differences")
    func plan() throws {
        let machine = try Self.machine(120)
        let plan = try Planner(machine: machine).predict([.unload("dax_cxl"), .unload("dax_hmem"), .unload("cxl_acpi")])
        #expect(plan.prediction.changesOwners && plan.hazards.count > 100)
        let word = plan.hazards.first?.id.rawValue ?? ""
        check(planText(plan, machine: machine, root: "root", style: style), has: ["more \(word)", "more ranges"])
        check(showText(plan, file: "plan.json", style: style), has: ["more \(word)", "100 more ranges"])
        var other = try Self.machine(240)
        other.regions.removeFirst(100)
        let sides = [DiffSide("a", .machine(machine, [])), DiffSide("b", .machine(other, []))]
        let diff = Diff(sides[0].side, sides[1].side)
        check(diffText(diff, sides[0], sides[1], Detail(), style: style), has: ["more; --all shows them"])
    }

    @Test(
        "ten thousand findings of a kind, each with its own fix: one is told in full, all are counted with their bytes"
    )
    func findingsOfAKind() throws {
        let many = try (0..<10_000).map { number in
            Finding(
                .noOwner,
                subject: "region\(number)",
                ranges: [try #require(AddressRange(start: UInt64(number) << 33, size: 1 << 32))],
                what: "No driver owns region\(number).",
                evidence: [],
                fix: "fix \(number)"
            )
        }
        let lines = texts(findingsText(many, Detail(), style: style))
        #expect(
            lines == [
                "  1. no-owner (loss): region0", "    No driver owns region0.", "    Fix: fix 0.",
                "  2. no-owner (loss): region1", "  3. no-owner (loss): region2", "  4. no-owner (loss): region3",
                "  5. no-owner (loss): region4", "  ... and 9,995 more no-owner, 39 TiB; --all shows them",
            ]
        )
        #expect(texts(findingsText(many, Detail(showsAll: true), style: style)).count == 30_000)
        // Of a few with one fix, each is named.
        let few = (1...3).map { number in
            Finding(.held, subject: "file\(number)", what: "It is held.", evidence: [], fix: "lift it")
        }
        #expect(
            texts(findingsText(few, Detail(), style: style)) == [
                "  1. held (notice): file1", "    It is held.", "    Fix: lift it.",
                "  2. held (notice): file2, as 1", "  3. held (notice): file3, as 1",
            ]
        )
    }

    @Test("a list of forty is whole, one of more has its first twenty; an option that shows all is named")
    func limits() {
        let detail = Detail(allOption: "--json")
        #expect(Folded(Array(1...40), detail).hidden.isEmpty)
        let folded = Folded(Array(1...1061), detail)
        #expect(folded.shown == Array(1...20)[...] && folded.hidden.count == 1041)
        #expect(texts(folded.rest("steps", detail, style)) == ["  ... and 1,041 more steps; --json shows them"])
        let utf8 = Style(hasColour: false, isUTF8: true)
        #expect(texts(folded.rest("", detail, utf8)) == ["  … and 1,041 more; --json shows them"])
        #expect(Folded(Array(1...1061), Detail(showsAll: true)).rest("steps", detail, style).isEmpty)
        #expect([0, 999, 1000, 1_234_567].map(grouped) == ["0", "999", "1,000", "1,234,567"])
    }

    @Test("a text that lists a thousand names is cut between two, and --all has the rest")
    func longTexts() {
        let names = (0..<1000).map { "dax\($0).0" }.joined(separator: ", ")
        let finding = Finding(.autoOnline, subject: names, what: "Online: \(names).", evidence: [], fix: "change it")
        let lines = texts(findingsText([finding], Detail(), style: style))
        #expect(lines.count < 20)
        let text = lines.joined(separator: " ")
        #expect(text.contains(".0, ... (--all shows the rest)") && text.hasSuffix("Fix: change it."))
        let all = texts(findingsText([finding], Detail(showsAll: true), style: style)).joined(separator: " ")
        #expect(all.contains("dax998.0, dax999.0.") && !all.contains("shows the rest"))
    }

    @Test("findings at one place have their numbers in one mark, however many they are")
    func marks() throws {
        let machine = try Self.machine(1)
        let mark = MapMark(
            Finding(
                .unbindable,
                subject: "x",
                ranges: machine.softReserved.map(\.range),
                what: "",
                evidence: [],
                fix: ""
            )
        )
        let lines = texts(MapText(machine, marks: Array(repeating: mark, count: 5000), style: style).lines())
        #expect(lines.contains { $0.hasPrefix("  1-5000~") }, "\(lines)")
    }

    @Test("hazards of one kind are told together only if fix and reason are alike") func reasons() throws {
        let hazard = { (name: String, why: String) in
            Hazard(id: .regionLost, subject: name, why: why, fix: "reboot")
        }
        let lines = { (hazards: [Hazard]) in
            hazardsText(hazards, self.style).map(\.text).joined(separator: " ")
        }
        let first = hazard("region0", "region0 (0x1-0x2) is not locked, its contents are lost")
        let alike = lines([first, hazard("region1", "region1 (0x3-0x4) is not locked, its contents are lost")])
        #expect(alike.contains("region1, as region0 above"), "\(alike)")
        let other = lines([first, hazard("region1", "region1 has persistent memory, its data stays on the devices")])
        #expect(other.contains("its data stays") && !other.contains("above"), "\(other)")
    }
}

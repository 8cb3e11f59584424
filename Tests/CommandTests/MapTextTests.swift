import Foundation
import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("The map for people")
struct MapTextTests {
    private static let machines = [
        "7.3.4/locked-switch/cxl-owned", "7.3.4-firmware/scale-2w/dax_cxl", "7.3.4/auto-kmem-stuck/dax_cxl-removed",
        "field/10-amd-hmem-builtin-no-dax-cxl-three-windows", "field/04-fujitsu-qemu-two-windows-gap-kmem-ebusy",
        "field/24-amd-gpu-hbm-spm-guest", "7.3.4-hmat/hmat-split/hmem",
    ]

    private func machine(_ path: String) throws -> MachineState {
        try Inspector(root: TestCaptures.root(path).path).read()
    }

    private func texts(_ lines: [Line]) -> [String] { lines.map(\.text) }

    @Test("the bars of a window, its region, its owner now and after", arguments: [40, 80])
    func plan(width: Int) throws {
        let machine = try machine("7.3.4/locked-switch/cxl-owned")
        let plan = try Planner(machine: machine).predict(
            [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem")]
        )
        let lines = texts(
            MapText(machine, prediction: plan.prediction, style: Style(hasColour: false, width: width)).lines()
        )
        // 512 MiB of 4 GiB: an eighth of what is left of the row behind "  now   ".
        let cells = (width - 8) / 8
        let rest = String(repeating: ".", count: width - 8 - cells)
        let fill = String(repeating: "=", count: cells - 1)
        #expect(lines.contains("  now   C\(fill)\(rest)"), "\(lines)")
        #expect(lines.contains("  after H\(fill)\(rest)"), "\(lines)")
        #expect(lines.contains("        \(String(repeating: "^", count: cells))"), "\(lines)")
        #expect(lines.first == "CXL Window 0  0x5d0000000-0x6cfffffff  4 GiB")
    }

    @Test(
        "every line has room, in ASCII unless the locale is UTF-8, with the same words in colour",
        arguments: machines
    )
    func widths(path: String) throws {
        let machine = try machine(path)
        let status = MachineStatus(machine: machine, findings: findings(of: machine) { [] })
        for width in [40, 60, 80, 200, 300] {
            let plain = Style(hasColour: false, width: width)
            let text = { (style: Style) in
                statusText(status, Detail(), style: style).flatMap { $0.broken(at: width) }
            }
            for line in text(plain) {
                #expect(line.width <= width && line.text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }, "\(line.text)")
            }
            let coloured = text(Style(hasColour: true, width: width))
            #expect(coloured.map(\.width) == text(plain).map(\.width))
            #expect(coloured.contains { $0.rendered.contains("\u{1b}[") })
            #expect(text(Style(hasColour: true, width: width, isUTF8: true)).allSatisfy { $0.width <= width })
        }
    }

    @Test("findings have their number below the bytes that they are about, several at one place share a mark")
    func marks() throws {
        let machine = try machine("field/04-fujitsu-qemu-two-windows-gap-kmem-ebusy")
        let found = findings(of: machine) { [] }
        #expect(found.map(\.id) == [.undecoded, .unbindable, .driverRefused])
        let lines = texts(
            MapText(machine, marks: found.map(MapMark.init), style: Style(hasColour: false, width: 42)).lines()
        )
        #expect(lines.count { $0 == "  2,3" + String(repeating: "~", count: 37) } == 1, "\(lines)")
        #expect(lines.count { $0 == "  1,2,3" + String(repeating: "~", count: 35) } == 1, "\(lines)")
    }

    @Test("a machine of ten thousand ranges is told in a screen, and with --all in full")
    func many() throws {
        var machine = MachineState(kernel: Kernel(release: "test"), iomem: IomemTree(inFileOrder: []))
        machine.windows = (0..<30).compactMap { number in
            AddressRange(start: UInt64(number) << 40, size: 1 << 39).map {
                Window(range: $0, number: number, isLive: true, isFixed: false, sources: ["test"])
            }
        }
        machine.softReserved = (0..<10_000).compactMap { number in
            AddressRange(start: UInt64(number) << 30, size: 1 << 29).map {
                SoftReservedRange(range: $0, sources: ["test"])
            }
        }
        let status = MachineStatus(machine: machine, findings: [])
        let style = Style(hasColour: false)
        #expect(statusText(status, Detail(), style: style).count < 120)
        let all = statusText(status, Detail(showsAll: true), style: style)
        #expect(all.count > 10_000)
        #expect(texts(statusText(status, Detail(), style: style)).contains { $0.contains("--all shows") })
    }

    @Test("what the machine says reaches no terminal as it is, in whatever width, and is broken as it is escaped")
    func hostile() throws {
        var machine = try machine("7.3.4-firmware/scale-2w/dax_cxl")
        let name = "\u{1b}[2J\u{1b}]0;x\u{7}<b>\u{202e}\u{9b}31m名前"
        for index in machine.regions.indices { machine.regions[index].name = name }
        for index in machine.daxDevices.indices { machine.daxDevices[index].name = name }
        let status = MachineStatus(machine: machine, findings: findings(of: machine) { [] })
        for width in [40, 80, 200] {
            let style = Style(hasColour: true, width: width, isUTF8: true)
            for line in statusText(status, Detail(isVerbose: true, showsAll: true), style: style)
                .flatMap({ $0.broken(at: width) })
            {
                let rest = line.rendered.replacing(#/\u{1b}\[[0-9;]+m/#, with: "")
                #expect(rest == line.text && !rest.unicodeScalars.contains(where: \.isEscaped))
                #expect(line.width <= width, "\(line.text)")
            }
        }
    }

    @Test("the picture is well-formed, and what the machine says in it is text", arguments: machines)
    func picture(path: String) throws {
        var machine = try machine(path)
        for index in machine.regions.indices { machine.regions[index].name = "<script>\u{1b}]0;x\u{7}\"&'" }
        for index in machine.daxDevices.indices { machine.daxDevices[index].name = "</text><a href='x'>" }
        let picture = MapPicture(machine, marks: findings(of: machine) { [] }.map(MapMark.init))
        let text = picture.svg(title: "<title>\u{202e}&")
        // Whatever is between < and > is one of our elements, and each is closed.
        var open: [Substring] = []
        let tags = text.matches(of: #/<(/?)([^\s/>]*)([^<>]*?)(/?)>/#)
        for tag in tags {
            #expect(["svg", "title", "desc", "style", "rect", "text", "path"].contains(tag.2), "\(tag.0)")
            if !tag.1.isEmpty { #expect(open.popLast() == tag.2) } else if tag.4.isEmpty { open.append(tag.2) }
        }
        #expect(open.isEmpty && tags.count > 20 && text.contains("prefers-color-scheme"))
        #expect(text.count { $0 == "<" } == tags.count && !text.contains("href=\'"))
        #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.isEscaped })
    }
}

import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// What must hold for every recorded machine, held against the files of the capture without the reader's code.
@Suite struct EveryCaptureTests {
    @Test("there are captures") func captures() {
        #expect(TestCaptures.all.count >= 350)
    }

    @Test(
        "every capture is read and gives what its files say",
        arguments: TestCaptures.kernels.flatMap { kernel in
            TestCaptures.scenarios(kernel: kernel).map { (kernel, $0) }
        }
    )
    func everything(kernel: String, scenario: String) throws {
        let expected: Generation =
            kernel.hasPrefix("6.1.") ? .hmemOnly : kernel.hasPrefix("6.") ? .deferring : .coordinated
        let roots = TestCaptures.roots(kernel: kernel, scenario: scenario)
        #expect(!roots.isEmpty)
        for root in roots {
            let tree = try TestCaptures.tree(of: root)
            let state = try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
            #expect(state.kernel.generation.value == expected, "\(root): \(state.kernel.generation.evidence)")
            #expect(!state.kernel.generation.evidence.isEmpty)
            #expect(
                state.kernel.generation.evidence.allSatisfy { $0.contains("/") && !$0.contains("\(root)") },
                "a fact names its file inside the root"
            )
            #expect(state.kernel.showsSoftReserved == kernel.hasPrefix("6."))
            #expect(state.kernel.bootID?.count == 36)
            let hasLockdown = !lines(root, "/sys/kernel/security/lockdown").isEmpty
            #expect(state.kernel.lockdown == (hasLockdown ? "none" : nil))
            #expect(!state.initialProbe.evidence.isEmpty)
            #expect(!state.isHeld)
            checkModules(state, root)
            checkOwners(state, root)
            checkRegions(state, root)
            try checkLines(state, root)
            checkMemory(state, root)
        }
    }

    /// What is read from memory must be what a directory would give.
    @Test("a recorded machine in memory and one in a directory are the same", arguments: TestCaptures.kernels)
    func directories(kernel: String) throws {
        let roots = TestCaptures.all.filter { $0.kernel == kernel }
        for root in [roots.first, roots.last].compactMap({ $0 }) {
            let tree = try TestCaptures.tree(of: root)
            let directory = DirectoryTree(root: root.path)
            var rest = ["/"]
            while let path = rest.popLast() {
                let names = try #require(try directory.list(path))
                #expect(try tree.list(path) == names, "\(root)\(path)")
                for name in names {
                    let place = path == "/" ? "/\(name)" : "\(path)/\(name)"
                    #expect(tree.realPath(place) == directory.realPath(place), "\(root)\(place)")
                    #expect(tree.linkTarget(place) == directory.linkTarget(place), "\(root)\(place)")
                    if directory.linkTarget(place) != nil {
                        #expect(try tree.list(place) == directory.list(place), "\(root)\(place)")
                    } else if try directory.list(place) != nil {
                        rest.append(place)
                    } else {
                        #expect(try tree.read(place) == directory.read(place), "\(root)\(place)")
                    }
                }
            }
            #expect(
                try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
                    == Inspector(root: root.path).read()
            )
        }
    }

    private func lines(_ root: CaptureRoot, _ path: String) -> [String] {
        let text = (try? TestCaptures.tree(of: root).text(path)) ?? nil
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    private func names(_ root: CaptureRoot, _ path: String) -> [String] {
        ((try? TestCaptures.tree(of: root).list(path)) ?? nil) ?? []
    }

    private func target(_ root: CaptureRoot, _ path: String) -> String? {
        (try? TestCaptures.tree(of: root))?.linkTarget(path)
    }

    /// Those whose windows were booted with the FIXED restriction in their CEDT.
    private static let fixed: Set = ["auto-locked", "uek-switch-locked", "uek-unbind"]

    private func checkModules(_ state: MachineState, _ root: CaptureRoot) {
        let names = lines(root, "/proc/modules").map { $0.components(separatedBy: " ")[0] }
        #expect(Set(state.modules.loaded.keys) == Set(names))
        #expect(state.modules.loaded.sorted { $0.value.position < $1.value.position }.map(\.key) == names)
        #expect(state.modules.loaded.values.allSatisfy { $0.isLive })
        #expect(state.modules.dependencies == nil && state.modules.softDependencies == nil)
        #expect(state.modules.builtin.isDisjoint(with: names))
        let isBuiltIn = root.kernel.contains("-builtin")
        for name in ["cxl_acpi", "dax_hmem", "dax_cxl"] where !(isBuiltIn && name == "cxl_acpi") {
            #expect(state.modules.state(of: name) == (names.contains(name) ? .live : .absent), "\(root) \(name)")
        }
        let bound = self.names(root, "/sys/bus/platform/drivers/cxl_acpi").filter { $0.hasPrefix("ACPI0017:") }
        if isBuiltIn {
            #expect(state.modules.state(of: "cxl_acpi") == (bound.isEmpty ? .unbound : .builtin), "\(root)")
        }
        #expect(state.modules.drivers["cxl_acpi"]?.devices.filter(\.isBound).map(\.name) == bound, "\(root)")
        if root.kernel.hasPrefix("6.1.") || names.contains("dax_hmem") {
            let driver = state.modules.drivers["dax_hmem"]
            let devices = driver.map { self.names(root, "/sys/bus/platform/drivers/\($0.driver)") } ?? []
            #expect(driver?.devices.filter(\.isBound).map(\.name).allSatisfy(devices.contains) == true, "\(root)")
        }
    }

    private func checkOwners(_ state: MachineState, _ root: CaptureRoot) {
        let links = names(root, "/sys/bus/dax/devices")
        #expect(Set(state.daxDevices.map(\.name)) == Set(links))
        for device in state.daxDevices {
            let link = "/sys/bus/dax/devices/\(device.name)"
            let target = target(root, link) ?? ""
            #expect(device.owner == (target.contains("/dax_region") ? .cxl : .hmem), "\(root) \(target)")
            #expect(target.contains("/\(device.through)/"))
            #expect(device.through.hasPrefix(device.owner == .cxl ? "region" : "hmem."))
            let size = UInt64(lines(root, "/sys/bus/dax/devices/\(device.name)/size").first ?? "")
            #expect(device.ranges.map(\.size).reduce(0, +) == size)
            if size == 0 { continue }
            #expect(
                device.ranges.first.map { hexadecimal($0.start) }
                    == lines(root, "/sys/bus/dax/devices/\(device.name)/resource").first
            )
            let driver = self.target(root, link + "/driver")
            #expect(device.driver == driver?.components(separatedBy: "/").last)
        }
        #expect(state.hmemDevices.allSatisfy { $0.isBelowPlatform == root.kernel.hasPrefix("7.") })
        let bound = names(root, "/sys/bus/platform/drivers/hmem").filter { $0.hasPrefix("hmem.") }
        #expect(state.hmemDevices.filter(\.isBound).map(\.name).sorted() == bound.sorted())
    }

    private func checkRegions(_ state: MachineState, _ root: CaptureRoot) {
        let devices = names(root, "/sys/bus/cxl/devices")
        // Some captures left out the attributes of idle decoders.
        let decoders = devices.filter {
            $0.hasPrefix("decoder") && !lines(root, "/sys/bus/cxl/devices/\($0)/devtype").isEmpty
        }
        #expect(Set(state.regions.map(\.name)) == Set(devices.filter { $0.hasPrefix("region") }))
        #expect(state.regions.filter(\.assembled).count == devices.filter { $0.hasPrefix("dax_region") }.count)
        #expect(Set(state.decoders.map(\.name)) == Set(decoders))
        #expect(Set(state.memdevs.map(\.name)) == Set(devices.filter { $0.hasPrefix("mem") }))
        #expect(state.memdevs.filter(\.hasEndpoint).count == devices.filter { $0.hasPrefix("endpoint") }.count)
        #expect(state.regions.compactMap(\.range) == state.regions.compactMap(\.range).sorted())
        for region in state.regions {
            let path = "/sys/bus/cxl/devices/\(region.name)"
            #expect(region.range.map { hexadecimal($0.start) } == lines(root, "\(path)/resource").first)
            #expect(region.range.map { hexadecimal($0.size) } == lines(root, "\(path)/size").first)
            #expect(region.committed == (lines(root, "\(path)/commit") == ["1"]))
            #expect(region.locked == lines(root, "\(path)/locked").first.map { $0 == "1" })
            #expect(region.mode == (lines(root, "\(path)/mode").first ?? "none"))
        }
    }

    private func checkLines(_ state: MachineState, _ root: CaptureRoot) throws {
        let text = lines(root, "/proc/iomem")
        #expect(state.iomem.flattened.count == text.count)
        for (line, (depth, entry)) in zip(text, state.iomem.flattened) {
            let indent = line.prefix { $0 == " " }.count
            #expect(indent == min(depth, 4) * 2 && line.hasSuffix(" : \(entry.name)"), "\(root) \(line)")
        }
        let windows = text.filter { $0.contains(" : CXL Window ") }
        #expect(state.windows.filter(\.isLive).count == windows.count)
        #expect(state.windows.count >= max(windows.count, 1))
        #expect(state.windows.allSatisfy { $0.sources.contains("/sys/firmware/acpi/tables/CEDT") })
        #expect(state.windows.allSatisfy { $0.isFixed == Self.fixed.contains(root.scenario) })
        #expect(state.softReserved.map(\.range) == (try expectedRanges(root)), "\(root)")
        for range in state.softReserved where state.kernel.showsSoftReserved {
            #expect(range.sources.first == "/proc/iomem")
        }
        #expect(state.softReserved.allSatisfy { !$0.sources.isEmpty })
    }

    /// The Soft Reserved ranges that the machine was started with: the firmware's map and plain `memmap=` on the command line.
    private func expectedRanges(_ root: CaptureRoot) throws -> [AddressRange] {
        let memmap = "/sys/firmware/memmap"
        let firmware = names(root, memmap).filter { lines(root, "\(memmap)/\($0)/type") == ["Soft Reserved"] }
            .compactMap { entry in
                let ends = ["start", "end"].compactMap { lines(root, "\(memmap)/\(entry)/\($0)").first?.dropFirst(2) }
                    .compactMap { UInt64($0, radix: 16) }
                return AddressRange(start: ends[0], end: ends[1])
            }
        let option = /memmap=(\d+)([MG])%0x([0-9a-f]+)(?:-1)?\+0xefffffff/
        let given = lines(root, "/proc/cmdline").flatMap { $0.matches(of: option) }.compactMap { match in
            let size = (UInt64(match.1) ?? 0) << (match.2 == "M" ? 20 : 30)
            return UInt64(match.3, radix: 16).flatMap { AddressRange(start: $0, size: size) }
        }
        let proximity = try proximityRanges(root)
        return (firmware + given).flatMap { range in
            proximity.compactMap(range.intersection) + range.subtracting(proximity)
        }.sorted()
    }

    /// The memory ranges of the SRAT, if the machine has an HMAT too.
    private func proximityRanges(_ root: CaptureRoot) throws -> [AddressRange] {
        let tree = try TestCaptures.tree(of: root)
        guard try tree.read("/sys/firmware/acpi/tables/HMAT") != nil,
            let table = try tree.read("/sys/firmware/acpi/tables/SRAT")
        else { return [] }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        var ranges: [AddressRange] = []
        var offset = 48
        while offset < table.count {
            let record = table[offset..<offset + Int(table[offset + 1])]
            offset = record.endIndex
            guard record[record.startIndex] == 1, record[record.startIndex + 28] & 1 == 1 else { continue }
            let start = number(record.dropFirst(8).prefix(8))
            ranges += AddressRange(start: start, size: number(record.dropFirst(16).prefix(8))).map { [$0] } ?? []
        }
        return ranges
    }

    private func checkMemory(_ state: MachineState, _ root: CaptureRoot) {
        #expect(state.memory.blockSize == 128 << 20)
        for block in state.memory.blocks {
            let path = "/sys/devices/system/memory/memory\(block.number)"
            #expect(block.isOnline == (lines(root, "\(path)/state") == ["online"]))
            #expect(
                state.softReserved.contains { ($0.hmemRange ?? $0.range).overlaps(block.range) }
                    || block.range.start >= 0x5_d000_0000
            )
        }
        let kmem = state.iomem.entries { $0 == "System RAM (kmem)" }
        for line in kmem { #expect(state.memory.blocks(in: line.range).map(\.range).merged() == [line.range]) }
    }
}

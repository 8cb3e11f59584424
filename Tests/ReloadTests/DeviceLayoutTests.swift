import Glibc
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Splitting a dax region on a recorded kernel")
struct DeviceLayoutTests {
    /// 7.3.4, CXL with one device over its region, which kmem has.
    private func kernel() throws -> RecordedKernel {
        let root = try TestCaptures.root(kernel: "7.3.4-lab", scenario: "handed-over", "07-cxl-again")
        let kernel = RecordedKernel(try Inspector(root: root.path).read())
        kernel.reinterpret { $0.daxDevices[0].driver = "kmem" }
        return kernel
    }

    private func split(_ kernel: RecordedKernel, _ range: AddressRange) throws(ReloadError) {
        let settling = Settling(surfaces: kernel.surfaces, deadlines: Deadlines())
        let steps = MemorySteps(surfaces: kernel.surfaces, settling: settling, report: { _ in })
        try steps.split(range, on: try kernel.read())
    }

    private func halves(_ kernel: RecordedKernel) throws -> (AddressRange, AddressRange) {
        let all = try #require(kernel.state.daxDevices.first?.ranges.first)
        return (
            try #require(AddressRange(start: all.start, size: all.size / 2)),
            try #require(AddressRange(start: all.start + all.size / 2, size: all.size / 2))
        )
    }

    @Test("kmem goes, the device ends before the bytes, and a new one gets just these")
    func done() throws {
        let kernel = try kernel()
        let (first, second) = try halves(kernel)
        try split(kernel, second)
        #expect(
            kernel.writes == [
                "dax1.0 > /sys/bus/dax/drivers/kmem/unbind", "268435456 > /sys/bus/dax/devices/dax1.0/size",
                "1 > /sys/bus/cxl/devices/dax_region1/dax_region/create",
                "5e0000000-5efffffff > /sys/bus/dax/devices/dax1.1/mapping",
            ]
        )
        #expect(kernel.state.daxDevices.map(\.ranges) == [[first], [second]])
        #expect(kernel.state.missingDevice(over: second) == nil)
    }

    @Test(
        "cut off at any of its writes, the step done again leads to the same",
        arguments: [MemoryAttribute.size("dax1.0"), .create("region1"), .mapping("dax1.1")]
    )
    func again(attribute: MemoryAttribute) throws {
        let kernel = try kernel()
        let (first, second) = try halves(kernel)
        kernel.refusals[attribute] = [EINVAL]
        #expect(throws: ReloadError.self) { try split(kernel, second) }
        try split(kernel, second)
        #expect(kernel.state.daxDevices.map(\.ranges) == [[first], [second]])
        #expect(kernel.writes.count { $0.hasSuffix("/create") } == 1)
    }

    @Test("memory that was offline gets kmem again and stays offline")
    func offline() throws {
        let kernel = try kernel()
        let (_, second) = try halves(kernel)
        try split(kernel, second)
        let settling = Settling(surfaces: kernel.surfaces, deadlines: Deadlines())
        let steps = MemorySteps(surfaces: kernel.surfaces, settling: settling, report: { _ in })
        try steps.restore(.systemRAM(.offline), over: second, on: try kernel.read())
        #expect(kernel.state.missing(of: .systemRAM(.offline), over: second) == nil)
        #expect(kernel.state.memory.blocks(in: second).allSatisfy { !$0.isOnline })
        #expect(kernel.writes.last == "dax1.1 > /sys/bus/dax/drivers/kmem/bind")
    }

    @Test("bytes in no dax region are refused")
    func elsewhere() throws {
        let kernel = try kernel()
        let range = try #require(AddressRange(start: 0x1000_0000, size: 0x1000_0000))
        #expect(throws: ReloadError.self) { try split(kernel, range) }
        #expect(kernel.writes.isEmpty)
    }
}

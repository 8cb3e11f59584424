import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// Decoders and regions as newer hardware and kernels show them.
@Suite struct DecoderReadingTests {
    private static let root0 = "/sys/devices/platform/ACPI0017:00/root0"
    private static let decoder = "\(root0)/port1/endpoint2/decoder2.0"

    private func machine(_ files: [String: String]) throws -> MachineState {
        let root = try TestCaptures.root("kernels/uek-8")
        for (path, text) in files { try root.write("\(text)\n", to: path) }
        return try Inspector(root: root.path).read()
    }

    @Test("a device that translates addresses shows its own: the region's bytes are decoded") func normalised() throws {
        let machine = try machine(["\(Self.decoder)/start": "0x0"])
        #expect(machine.decoders.first { $0.name == "decoder2.0" }?.range?.start == 0)
        // What the decoder shows is no place in this machine's memory.
        #expect(machine.seesDecoders && machine.decodedBytes == machine.regions.compactMap(\.range))
    }

    @Test("a type-2 device's region") func accelerator() throws {
        #expect(try machine(["\(Self.decoder)/target_type": "accelerator"]).regions.map(\.isOfAccelerator) == [true])
        #expect(try machine(["\(Self.decoder)/target_type": "expander"]).regions.map(\.isOfAccelerator) == [false])
    }

    @Test("a decoder of size 0 that is locked decodes nothing") func empty() throws {
        let other = "/sys/bus/cxl/devices/decoder2.1"
        let machine = try machine([
            "\(other)/devtype": "cxl_decoder_endpoint", "\(other)/start": "0x0", "\(other)/size": "0x0",
            "\(other)/locked": "1", "\(other)/region": "",
        ])
        #expect(machine.decodedBytes.count == 1)
        let empty = try #require(machine.decoders.first { $0.name == "decoder2.1" })
        #expect(empty.range == nil && empty.locked == true)
    }

    @Test("a region of dynamic capacity") func dynamic() throws {
        let machine = try machine(["\(Self.root0)/decoder0.0/region0/mode": "dynamic_ram_a"])
        #expect(machine.regions.map(\.hasDynamicCapacity) == [true])
    }
}

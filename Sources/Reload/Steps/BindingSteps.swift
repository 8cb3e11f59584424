import Glibc
import Inspection
import Iomem
import Machine
import Ownership

/// The steps that bind and unbind: dax_hmem is unbound from one `hmem.N` and bound to it, dax_cxl takes a region, and a driver that
/// is part of the kernel image is unbound from all that it has.
struct BindingSteps {
    let surfaces: Surfaces
    let settling: Settling

    private var writer: MemoryWriter {
        MemoryWriter(surfaces: surfaces, deadlines: settling.deadlines, isInterruptible: false)
    }

    /// Unbinds dax_hmem from the device over `range`, after its bytes are written down: nothing shows them afterwards.
    ///
    /// - Throws: `ReloadError` `.stepFailed` if there is no such device, `.notPermitted`, `.unavailable`.
    func unbindHmem(_ range: AddressRange, on machine: MachineState, kept: RememberedFacts?) throws(ReloadError) {
        let devices = machine.daxDevices.filter { device in
            device.owner == .hmem && device.ranges.contains { $0.overlaps(range) }
        }
        guard let name = devices.first?.through, devices.allSatisfy({ $0.through == name }) else {
            throw ReloadError(.stepFailed, "no hmem device covers \(range)")
        }
        if let facts = machine.factsToKeep(unbinding: name, over: range, kept: kept) { try surfaces.facts.keep(facts) }
        try writer.write(name, to: .hmemDriver(.unbind))
    }

    /// Binds dax_hmem to the device over `range`, from which a step unbound it.
    ///
    /// - Throws: `ReloadError` `.stepFailed` if there is no such device or another dax region has the bytes, `.notPermitted`.
    func bindHmem(_ range: AddressRange, on machine: MachineState) throws(ReloadError) {
        guard let device = machine.hmemDevices.first(where: { !$0.isBound && $0.rangeWhenBound == range }) else {
            throw ReloadError(.stepFailed, "no unbound hmem device covers \(range)")
        }
        try writer.write(device.name, to: .hmemDriver(.bind))
    }

    /// Has dax_cxl probe the dax region over `range`. Without one, the region is bound again: that makes it, and the driver
    /// takes it at once.
    ///
    /// - Throws: `ReloadError` `.stepFailed` if there is no such region, `.notPermitted`.
    func bindRegion(_ range: AddressRange, on machine: MachineState) throws(ReloadError) {
        guard let region = machine.regions.first(where: { $0.range == range }) else {
            throw ReloadError(.stepFailed, "no region covers \(range)")
        }
        if region.assembled { return try writer.write("dax_\(region.name)", to: .cxlProbe) }
        // One that is bound already does not bind twice; one that a run left unbound has nothing to unbind.
        try writer.write(region.name, to: .regionDriver(.unbind), passing: [ENODEV])
        try writer.write(region.name, to: .regionDriver(.bind))
    }

    /// Unbinds `driver` from its devices. One that is gone by then, or that another driver has, is an error: others are at work.
    ///
    /// - Throws: `ReloadError` `.stepFailed`, `.notPermitted`, `.hung`.
    func unbind(_ driver: DriverDevices) throws(ReloadError) {
        for device in driver.devices where device.isBound {
            try writer.write(device.name, to: .platformDriver(driver.driver, .unbind))
        }
    }

    /// Binds `driver` to those of its devices that it is not bound to. What it makes may come later, as after a load.
    ///
    /// - Throws: `ReloadError` `.stepFailed`, `.notPermitted`, `.hung`.
    func bind(_ driver: DriverDevices) throws(ReloadError) {
        for device in driver.devices where !device.isBound {
            try writer.write(device.name, to: .platformDriver(driver.driver, .bind))
        }
    }
}

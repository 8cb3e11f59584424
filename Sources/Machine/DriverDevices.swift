/// The driver of a module and the platform devices that it is bound to: where the module is part of the kernel image, binding
/// and unbinding them is what loading and removing it is elsewhere.
package struct DriverDevices: Sendable, Equatable {
    /// The driver's name: `cxl_acpi`, `hmem_platform`; `hmem` where the kernel has no `hmem_platform.0` (up to 6.2).
    package var driver: String
    /// Its devices, in the order in which people number things, and whether it is bound to each.
    package var devices: [Device]
    /// The driver has the files `bind` and `unbind` (drivers/base/bus.c: bus_add_driver(), unless suppress_bind_attrs is set).
    package var hasBindFiles: Bool

    /// The kernel has the driver: it is not left out by `initcall_blacklist=`. Without it nothing can be bound before a reboot.
    package var isRegistered: Bool

    /// One device.
    package struct Device: Sendable, Equatable {
        /// `ACPI0017:00`.
        package var name: String
        /// The driver is bound to it.
        package var isBound: Bool

        /// One device.
        package init(name: String, isBound: Bool) {
            self.name = name
            self.isBound = isBound
        }
    }

    /// A driver with its devices.
    package init(driver: String, devices: [Device], hasBindFiles: Bool = true, isRegistered: Bool = true) {
        self.driver = driver
        self.devices = devices
        self.hasBindFiles = hasBindFiles
        self.isRegistered = isRegistered
    }

    /// There are devices, and the driver is bound to none.
    package var areUnbound: Bool { !devices.isEmpty && !devices.contains(where: \.isBound) }
}

/// What the bytes of a range are used for; the raw value is the word in the JSON documents.
package enum MemoryState: String, Sendable {
    /// A dax device without a driver.
    case idle
    /// A character device (`device_dax`).
    case devdax
    /// Memory blocks of `kmem`, online or offline.
    case systemRAM = "system-ram"
    /// A kmem line in `/proc/iomem` with no device behind: stuck until a reboot.
    case leaked
    /// No device.
    case none
}

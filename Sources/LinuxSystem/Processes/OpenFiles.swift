private import CSystem

/// What the kernel tells about the open files of other processes.
package enum OpenFiles {
    /// The number, `252:0`, of the character device that an entry of `/proc/PID/fd` leads to; nil if it is something else, or
    /// can't be told. No file system is asked about the file; what the kernel remembers of it counts.
    package static func deviceNumber(_ path: String) -> String? {
        var major: UInt32 = 0
        var minor: UInt32 = 0
        guard unsafe daxswitch_character_device(path, &major, &minor) == 0 else { return nil }
        return "\(major):\(minor)"
    }

    /// Whether two tasks have one table of file descriptors; false also where that can't be told.
    package static func areShared(by task: Int32, _ other: Int32) -> Bool {
        daxswitch_share_descriptors(task, other) != 0
    }
}

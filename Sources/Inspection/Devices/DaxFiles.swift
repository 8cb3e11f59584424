internal import LinuxSystem

/// The dax devices that a process has open or mapped.
package struct DaxUse {
    /// Device names by the path of the descriptor, below the `fd` of a task.
    package fileprivate(set) var opened: [String: String] = [:]
    /// Device names by the path of the mapping, below the `map_files` of a task.
    package fileprivate(set) var mapped: [String: String] = [:]
    /// The file with a line for each mapping, `maps` of a task.
    package fileprivate(set) var maps: String
    /// Whether there may be more, since the process may not be looked at. One that has ended hides nothing.
    package fileprivate(set) var isHidden: Bool
    fileprivate var mapFiles: String

    /// Whether `line` of `maps` is about a dax device.
    package func isMapped(_ line: Substring) -> Bool {
        line.fields(2).first.map { mapped[entry(ofRange: $0)] != nil } ?? false
    }

    /// The entry of `map_files` for the range of a line of `maps`, which fills up to eight digits with zeroes.
    fileprivate func entry(ofRange range: Substring) -> String {
        let ends = range.parts(at: "-").map { end in
            let digits = end.drop { $0 == "0" }
            return digits.isEmpty ? "0" : String(digits)
        }
        return "\(mapFiles)/\(ends.joined(separator: "-"))"
    }
}

/// Finds the dax devices among the files of a process.
///
/// A device is known by its number, whatever a process in another mount namespace calls it. To learn the number, the file
/// itself must be looked at, and a file of a network file system whose server is dead never answers. So the link is read
/// first, and only a file of a file system of this host is looked at. Any other is known by the name in its link.
package struct DaxFiles {
    private let tree: any FileTree
    private let table: ProcessTable
    private let names: Set<String>
    private let byNumber: [String: String]
    /// The mounts, and the devices of the file systems, of which files may be looked at.
    private let localMounts: Set<Substring>
    private let localDevices: Set<Substring>

    /// File systems that can hold a device node and ask no server, and no process, about a file that is open.
    private static let localTypes: Set<Substring> = [
        "bcachefs", "btrfs", "devtmpfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "iso9660", "jfs", "overlay", "ramfs",
        "reiserfs", "rootfs", "squashfs", "tmpfs", "xfs", "zfs",
    ]

    /// For the dax devices of these names (`dax0.0`).
    package init(tree: any FileTree, devices: [String], table: ProcessTable) {
        self.tree = tree
        self.table = table
        names = Set(devices)
        let numbered = devices.compactMap { name in
            tree.optionalValue("/sys/bus/dax/devices/\(name)/dev").map { ($0, name) }
        }
        byNumber = Dictionary(numbered) { first, _ in first }
        let local = table.mounts.filter { $0.type.map(Self.localTypes.contains) ?? false }
        localMounts = Set(local.map(\.id))
        localDevices = Set(local.map(\.device))
    }

    /// The devices that a process has open and mapped.
    package func used(by process: String) -> DaxUse {
        let (tasks, isHidden) = table.tasks(of: process)
        var use = DaxUse(maps: "/proc/\(process)/maps", isHidden: isHidden, mapFiles: "/proc/\(process)/map_files")
        var seen: [String] = []
        for task in tasks where !seen.contains(where: { tree.sharesDescriptors($0, with: task.number) }) {
            seen.append(task.number)
            addOpened(of: task, to: &use)
        }
        // Threads share their memory, but one that has ended shows none.
        for task in tasks where addMapped(of: task, to: &use) { break }
        return use
    }

    private func addOpened(of task: ProcessTable.Task, to use: inout DaxUse) {
        let entries = look(&use.isHidden) { () throws(InspectionError) in try tree.list("\(task.path)/fd") } ?? []
        for entry in entries {
            let path = "\(task.path)/fd/\(entry)"
            guard let target = tree.linkTarget(path), target.utf8.first == UInt8(ascii: "/") else { continue }
            use.opened[path] = device(path, named: target[...]) {
                mount(inInfo: "\(task.path)/fdinfo/\(entry)").map(localMounts.contains) ?? false
            }
        }
    }

    /// False where the task has no memory.
    private func addMapped(of task: ProcessTable.Task, to use: inout DaxUse) -> Bool {
        let file = "\(task.path)/maps"
        let maps = look(&use.isHidden) { () throws(InspectionError) in try tree.text(file) } ?? ""
        guard !maps.isEmpty else { return false }
        use.maps = file
        // Only here a task has this directory; /proc lists it for no thread, but finds it (proc_pid_lookup()).
        use.mapFiles = "/proc/\(task.number)/map_files"
        for line in maps.lines {
            // START-END PERMISSIONS OFFSET DEVICE INODE PATH; dax maps nothing but shared (check_vma(), drivers/dax/device.c).
            let words = line.fields(6)
            guard words.count == 6, words[1].hasSuffix("s") else { continue }
            // Spaces fill up the columns before the path.
            let target = Substring(words[5].utf8.drop { $0 == UInt8(ascii: " ") })
            guard target.utf8.first == UInt8(ascii: "/") else { continue }
            let entry = use.entry(ofRange: words[0])
            use.mapped[entry] = device(entry, named: tree.linkTarget(entry)?[...] ?? target) {
                Self.decimal(words[3]).map(localDevices.contains) ?? false
            }
        }
        return true
    }

    private func device(_ path: String, named target: Substring, isLocal: () -> Bool) -> String? {
        if isLocal() { return tree.deviceNumber(path).flatMap { byNumber[$0] } }
        let base = Self.withoutMark(target).parts(at: "/").last ?? ""
        return names.contains(String(base)) ? String(base) : nil
    }

    /// d_path() puts this behind the name of a file that was removed.
    private static func withoutMark(_ target: Substring) -> Substring {
        let mark = " (deleted)"
        return target.hasSuffix(mark) ? target.dropLast(mark.count) : target
    }

    /// The mount in a file of `fdinfo` (`mnt_id:	25`).
    private func mount(inInfo path: String) -> Substring? {
        let heading = "mnt_id:"
        let line = tree.optionalText(path).lines.first { $0.hasPrefix(heading) }
        return line.map { $0.dropFirst(heading.count).trimmed[...] }
    }

    /// The number of a device as `mountinfo` has it, `0:36`, from the one of `maps`, `00:24`.
    private static func decimal(_ number: Substring) -> Substring? {
        let parts = number.parts(at: ":").compactMap { UInt64($0, radix: 16) }
        return parts.count == 2 ? "\(parts[0]):\(parts[1])" : nil
    }

    private func look<Value>(_ isHidden: inout Bool, _ read: () throws(InspectionError) -> Value?) -> Value? {
        do {
            return try read()
        } catch {
            if error.code == .notPermitted { isHidden = true }
            return nil
        }
    }
}

private import Glibc
internal import Machine

/// Finds the processes that have a `/dev/daxN.M` open or mapped, by looking through `/proc`.
///
/// A process that ends meanwhile is not found. Where one may not be looked at, the users are not known.
struct DaxUsers {
    let tree: any FileTree
    /// The entries of `/proc` that are processes.
    let processes: [String]

    /// Fills in the users of the devices; only a device with another driver than kmem has a `/dev/daxN.M`.
    func fill(_ devices: inout [DaxDevice]) {
        let candidates = devices.indices.filter { devices[$0].driver != nil && devices[$0].driver != "kmem" }
        guard !candidates.isEmpty else { return }
        let files = DaxFiles(tree: tree, devices: candidates.map { devices[$0].name })
        var isHidden = hidesOthers
        for process in processes {
            guard let pid = Int(process) else { continue }
            let found = files.used(by: process)
            isHidden = isHidden || found.isHidden
            for index in candidates {
                let isMapped = found.mapped.values.contains(devices[index].name)
                guard isMapped || found.opened.values.contains(devices[index].name) else { continue }
                let command = tree.optionalValue("/proc/\(process)/comm") ?? ""
                devices[index].users.append(DaxUser(pid: pid, command: command, isMapped: isMapped))
            }
        }
        for index in candidates { devices[index].usersAreKnown = !isHidden }
    }

    /// Whether `/proc` is mounted with `hidepid=` (proc(5)) and we are not exempt: we are there, and process 1 is not.
    private var hidesOthers: Bool {
        tree.isLive && processes.contains("\(getpid())") && !processes.contains("1")
    }
}

/// The files of a process that are dax devices.
///
/// A device is known by its number, whatever a process in another mount namespace calls it; only where the number can't
/// be had, as in a recording, by its path.
package struct DaxFiles {
    private let tree: any FileTree
    /// Device names by path and, where they have one, by number.
    private let byPath: [String: String]
    private let byNumber: [String: String]

    /// For the dax devices of these names (`dax0.0`).
    package init(tree: any FileTree, devices: [String]) {
        self.tree = tree
        byPath = Dictionary(devices.map { ("/dev/\($0)", $0) }) { first, _ in first }
        let numbered = devices.compactMap { name in
            tree.optionalValue("/sys/bus/dax/devices/\(name)/dev").map { ($0, name) }
        }
        byNumber = Dictionary(numbered) { first, _ in first }
    }

    /// The names of the devices that a process has open and mapped, by the entries of its `fd` and `map_files`, and whether
    /// there may be more, since it may not be looked at. A process that has ended hides nothing.
    package func used(by process: String) -> (opened: [String: String], mapped: [String: String], isHidden: Bool) {
        let path = "/proc/\(process)"
        var isHidden = false
        var opened: [String: String] = [:]
        let entries = look(&isHidden) { () throws(InspectionError) in try tree.list("\(path)/fd") } ?? []
        for entry in entries { opened[entry] = device("\(path)/fd/\(entry)") }
        var mapped: [String: String] = [:]
        let maps = look(&isHidden) { () throws(InspectionError) in try tree.text("\(path)/maps") } ?? ""
        for line in maps.lines {
            // START-END PERMISSIONS OFFSET DEVICE INODE PATH; dax maps nothing but shared (check_vma(), drivers/dax/device.c).
            let words = line.fields(6)
            guard words.count == 6, words[1].hasSuffix("s") else { continue }
            let entry = Self.mapFile(of: words[0])
            mapped[entry] = device("\(path)/map_files/\(entry)") ?? byPath[words[5].trimmed]
        }
        return (opened, mapped, isHidden)
    }

    /// The entry of `map_files` for the range of a line of `maps`, which fills up to eight digits with zeroes.
    package static func mapFile(of range: some StringProtocol) -> String {
        range.split(separator: "-").map { end in
            let digits = end.drop { $0 == "0" }
            return digits.isEmpty ? "0" : String(digits)
        }.joined(separator: "-")
    }

    private func device(_ path: String) -> String? {
        if let number = tree.deviceNumber(path) { return byNumber[number] }
        return tree.linkTarget(path).flatMap { byPath[$0] }
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

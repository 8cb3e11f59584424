private import Glibc
internal import LinuxSystem
internal import Machine

/// Finds the processes that have a `/dev/daxN.M` open or mapped, by looking through `/proc`.
///
/// A process that ends meanwhile is not found. Where one may not be looked at, the users are not known.
struct DaxUsers {
    let tree: any FileTree
    let table: ProcessTable

    /// Fills in the users of the devices; only a device with another driver than kmem has a `/dev/daxN.M`.
    func fill(_ devices: inout [DaxDevice]) {
        let candidates = devices.indices.filter { devices[$0].driver != nil && devices[$0].driver != "kmem" }
        guard !candidates.isEmpty else { return }
        let files = DaxFiles(tree: tree, devices: candidates.map { devices[$0].name }, table: table)
        let places = Dictionary(candidates.map { (devices[$0].name, $0) }) { first, _ in first }
        var isHidden = hidesOthers
        for process in table.processes {
            guard let pid = Int(process) else { continue }
            let use = files.used(by: process)
            isHidden = isHidden || use.isHidden
            let mapped = Set(use.mapped.values)
            let used = mapped.union(use.opened.values)
            if used.isEmpty { continue }
            let command = tree.optionalValue("/proc/\(process)/comm") ?? ""
            for name in used {
                guard let index = places[name] else { continue }
                devices[index].users.append(DaxUser(pid: pid, command: command, isMapped: mapped.contains(name)))
            }
        }
        // The files of a mounted famfs are no open device of any process.
        for index in candidates { devices[index].usersAreKnown = !isHidden && devices[index].driver != "fsdev_dax" }
    }

    /// Whether `/proc` is mounted with `hidepid=` (proc(5)) and we are not exempt: we are there, and process 1 is not.
    private var hidesOthers: Bool {
        tree.isLive && table.processes.contains("\(getpid())") && !table.processes.contains("1")
    }
}

internal import Machine

/// Finds the processes that have a `/dev/daxN.M` open or mapped, by looking through `/proc`.
///
/// Best effort: a process that ends meanwhile, or that may not be looked at, is not found.
struct DaxUsers {
    let tree: any FileTree

    /// Fills in the users of the devices; only a device with another driver than kmem has a `/dev/daxN.M`.
    func fill(_ devices: inout [DaxDevice]) {
        let candidates = devices.filter { $0.driver != nil && $0.driver != "kmem" }.map(\.name)
        guard !candidates.isEmpty else { return }
        let files = DaxFiles(tree: tree, devices: candidates)
        for process in names("/proc") {
            guard let pid = Int(process) else { continue }
            let (opened, mapped) = files.used(by: process)
            for index in devices.indices {
                let isMapped = mapped.values.contains(devices[index].name)
                guard isMapped || opened.values.contains(devices[index].name) else { continue }
                let command = tree.optionalValue("/proc/\(process)/comm") ?? ""
                devices[index].users.append(DaxUser(pid: pid, command: command, isMapped: isMapped))
            }
        }
    }

    private func names(_ path: String) -> [String] {
        do { return try tree.list(path) ?? [] } catch { return [] }
    }
}

internal import Machine

/// Finds the processes that have a `/dev/daxN.M` open or mapped, by looking through `/proc`.
///
/// Best effort: a process that ends meanwhile, hides or sits in another mount namespace is not found.
struct DaxUsers {
    let tree: any FileTree

    /// Fills in the users of the devices; only a device with another driver than kmem has a `/dev/daxN.M`.
    func fill(_ devices: inout [DaxDevice]) {
        let candidates = devices.indices.filter { devices[$0].driver != nil && devices[$0].driver != "kmem" }
        guard !candidates.isEmpty else { return }
        for process in names("/proc") {
            guard let pid = Int(process) else { continue }
            let opened = Set(names("/proc/\(process)/fd").compactMap { tree.linkTarget("/proc/\(process)/fd/\($0)") })
            let maps = text("/proc/\(process)/maps")
            for index in candidates {
                let path = "/dev/\(devices[index].name)"
                let isMapped = maps.split(separator: "\n").contains { $0.hasSuffix(" \(path)") }
                guard isMapped || opened.contains(path) else { continue }
                let command = tree.optionalValue("/proc/\(process)/comm") ?? ""
                devices[index].users.append(DaxUser(pid: pid, command: command, isMapped: isMapped))
            }
        }
    }

    private func names(_ path: String) -> [String] {
        do { return try tree.list(path) ?? [] } catch { return [] }
    }

    private func text(_ path: String) -> String {
        do { return try tree.text(path) ?? "" } catch { return "" }
    }
}

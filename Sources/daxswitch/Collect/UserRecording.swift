import Inspection

/// Records who uses dax devices and persistent memory, what would put memory online by itself, and what the host tells
/// modprobe.
struct UserRecording {
    let tree: any FileTree
    let recording: Recording

    func record() throws(CollectError) {
        try recordDaxUsers()
        try recordPmem()
        for path in OnliningRules(tree: tree).files() {
            try recording.file(path) { OnliningRules.onlinesMemory($0) }
        }
        // Whole: a message names a line by its number.
        for path in ModprobeReading(tree: tree).files() { try recording.file(path) }
    }

    private var processes: [String] { (recording.names(in: "/proc") ?? []).filter { Int($0) != nil } }

    /// Who has a dax device open or mapped. The links of the recording say `/dev/NAME`, whatever the process calls it.
    private func recordDaxUsers() throws(CollectError) {
        let files = DaxFiles(tree: tree, devices: recording.names(in: "/sys/bus/dax/devices") ?? [])
        for process in processes {
            let path = "/proc/\(process)"
            let (opened, mapped, _) = files.used(by: process)
            guard !opened.isEmpty || !mapped.isEmpty else { continue }
            try recording.file("\(path)/comm")
            try recording.file("\(path)/maps") { line in
                mapped[DaxFiles.mapFile(of: line.prefix { $0 != " " })] != nil
            }
            for (entry, device) in opened { try recording.link("\(path)/fd/\(entry)", to: "/dev/\(device)") }
            for (entry, device) in mapped { try recording.link("\(path)/map_files/\(entry)", to: "/dev/\(device)") }
        }
    }

    /// The nd bus with the block devices on it, and what is mounted from them.
    private func recordPmem() throws(CollectError) {
        let bus = "/sys/bus/nd/devices"
        guard let names = recording.names(in: bus) else { return }
        try recording.devices(bus, depth: 1)
        var disks: [String] = []
        for name in names {
            guard let path = tree.realPath("\(bus)/\(name)") else { continue }
            for disk in recording.names(in: "\(path)/block") ?? [] {
                try recording.file("\(path)/block/\(disk)/dev")
                try recording.directory("\(path)/block/\(disk)/holders", depth: 1)
                if let number = tree.optionalValue("\(path)/block/\(disk)/dev") { disks.append(" \(number) ") }
            }
        }
        guard !disks.isEmpty else { return }
        for process in processes {
            let isConcerned = { (line: Substring) in disks.contains { line.contains($0) } }
            let text: String?
            do { text = try tree.text("/proc/\(process)/mountinfo") } catch { continue }
            guard text?.split(separator: "\n").contains(where: isConcerned) == true else { continue }
            try recording.file("/proc/\(process)/mountinfo", keeping: isConcerned)
        }
    }
}

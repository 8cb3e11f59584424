internal import Iomem
internal import LinuxSystem

/// A report of sos(1): files of the host at their places, and what commands printed in `sos_commands/PLUGIN`.
///
/// What commands printed is put where the host has what they read, so it is read like any other machine (sos: the
/// plugins kernel, cxl, memory, pci, host; a blank or slash in a command is `_` or `.` in the name of its file).
struct Sosreport {
    /// The report with what commands printed at its place.
    let tree: any FileTree
    /// The kernel log.
    let log: any KernelLog
    /// What is odd about the report, a sentence each.
    private(set) var oddities: [String] = []

    /// Whether a tree is such a report.
    static func isOne(_ tree: any FileTree) -> Bool { tree.exists("/sos_commands") }

    /// Reads a report.
    ///
    /// - Throws: `InspectionError` `.badCapture` if it has no `/proc/iomem`.
    init(_ report: any FileTree) throws(InspectionError) {
        guard let bytes = try report.read("/proc/iomem") else {
            throw InspectionError(
                .badCapture,
                "\(report.display("/proc/iomem")) is missing: the sosreport was made without the plugin pci"
            )
        }
        let iomem = try? IomemText(reading: bytes, file: "/proc/iomem").tree
        var sources = CommandOutputs(report)
        var top = StoredTree { [report] in report.display($0) }
        sources.addKernel(to: &top)
        sources.addModules(to: &top)
        sources.addMemory(to: &top)
        sources.addDevices(to: &top, iomem: iomem)
        let tree = LayeredTree(top: top, base: report)
        self.tree = tree
        log = sources.log()
        oddities = sources.oddities
    }
}

/// What the commands printed.
private struct CommandOutputs {
    let report: any FileTree
    var oddities: [String] = []

    init(_ report: any FileTree) { self.report = report }

    /// The first of these files that is there and not empty.
    func output(_ paths: [String]) -> [UInt8]? {
        for path in paths {
            if let bytes = try? report.read("/sos_commands/\(path)"), !bytes.isEmpty { return bytes }
        }
        return nil
    }

    func lines(_ path: String) -> [Substring] {
        output([path]).map { String(decoding: $0, as: UTF8.self).lines } ?? []
    }
}

extension CommandOutputs {
    /// What the kernel says about itself: `uname -a` and `sysctl -a`.
    mutating func addKernel(to tree: inout StoredTree) {
        let settings = lines("kernel/sysctl_-a").reduce(into: [String: String]()) { settings, line in
            let parts = line.parts(at: "=", maxSplits: 1)
            if parts.count == 2 { settings[parts[0].trimmed] = parts[1].trimmed }
        }
        // Linux HOST RELEASE #VERSION …
        let names = lines("kernel/uname_-a").first.map { $0.fields() } ?? []
        let isNamed = names.count > 2 && names[0] == "Linux"
        let release = settings["kernel.osrelease"] ?? (isNamed ? String(names[2]) : nil)
        let host = settings["kernel.hostname"] ?? (isNamed ? String(names[1]) : nil)
        let values = [
            "osrelease": release, "hostname": host, "modprobe": settings["kernel.modprobe"],
            "modules_disabled": settings["kernel.modules_disabled"],
            "bootloader_type": settings["kernel.bootloader_type"],
        ]
        for (name, value) in values {
            let path = "/proc/sys/kernel/\(name)"
            if let value, !report.exists(path) { tree.add(text: "\(value)\n", at: path) }
        }
    }

    /// `lsmod`, whose lines are those of `/proc/modules` without state and address.
    mutating func addModules(to tree: inout StoredTree) {
        guard !report.exists("/proc/modules") else { return }
        let modules = lines("kernel/lsmod").dropFirst().compactMap { line -> String? in
            let words = line.fields()
            guard words.count >= 3, UInt64(words[1]) != nil else { return nil }
            let users = words.count > 3 ? "\(words[3])," : "-"
            return "\(words[0]) \(words[1]) \(words[2]) \(users) Live 0x0000000000000000\n"
        }
        if !modules.isEmpty { tree.add(text: modules.joined(), at: "/proc/modules") }
    }

    /// `lsmem -a`: a line for each memory block, with its range, size, state, whether it is removable, zones, node and number.
    mutating func addMemory(to tree: inout StoredTree) {
        let directory = "/sys/devices/system/memory"
        guard !report.exists("\(directory)/block_size_bytes") else { return }
        var size: UInt64?
        for line in lines("memory/lsmem_-a_-o_RANGE_SIZE_STATE_REMOVABLE_ZONES_NODE_BLOCK") {
            let words = line.fields()
            guard words.count == 7, let number = UInt64(words[6]) else { continue }
            let ends = words[0].parts(at: "-").compactMap { parseAddress($0) }
            guard ends.count == 2, let range = AddressRange(start: ends[0], end: ends[1]) else { continue }
            size = size ?? range.size
            let path = "\(directory)/memory\(number)"
            tree.add(text: "\(words[2])\n", at: "\(path)/state")
            tree.add(text: words[3] == "yes" ? "1\n" : "0\n", at: "\(path)/removable")
            tree.add(
                text: "\(words[4].parts(at: "/").first.map { $0 == "None" ? "none" : $0 } ?? "")\n",
                at: "\(path)/valid_zones"
            )
        }
        if let size { tree.add(text: String(size, radix: 16) + "\n", at: "\(directory)/block_size_bytes") }
    }

    /// `cxl list` and `daxctl list`, in the forms that name ports and regions.
    mutating func addDevices(to tree: inout StoredTree, iomem: IomemTree?) {
        let daxctl = listing(["cxl/daxctl_list_-iDRM", "cxl/daxctl_list_-iDRu"], "daxctl list") { DaxctlListing($0) }
        let cxl = listing(["cxl/cxl_list_-vvv"], "cxl list") { CxlListing($0) }
        cxl?.add(to: &tree, daxRegions: daxctl?.names)
        daxctl?.add(to: &tree, iomem: iomem)
        let blockSize = "/sys/devices/system/memory/block_size_bytes"
        if !report.exists(blockSize), !tree.exists(blockSize), let memory = daxctl?.memory(iomem: iomem) {
            memory.add(to: &tree)
            oddities += memory.oddities
        }
    }

    private mutating func listing<Value>(
        _ paths: [String],
        _ command: String,
        _ read: ([UInt8]) -> Value?
    ) -> Value? {
        guard let text = output(paths) else { return nil }
        if let value = read(text) { return value }
        // Instead of a listing the file then has the message of a command that failed.
        let first = String(decoding: text, as: UTF8.self).lines.first ?? ""
        oddities.append("the output of \(command) is not a listing: \"\(first.prefix(100))\"")
        return nil
    }

    /// The log as `dmesg` printed it, with times since the boot if it is there.
    func log() -> any KernelLog {
        let text = output(["kernel/dmesg", "general/dmesg_dump", "kernel/dmesg_-T"])
        return RecordedText(lines: text.map { String(decoding: $0, as: UTF8.self).lines.map(String.init) })
    }
}

/// A kernel log as lines.
private struct RecordedText: KernelLog {
    let lines: [String]?
    func content() -> KernelLogContent? { lines.map { .lines($0) } }
}

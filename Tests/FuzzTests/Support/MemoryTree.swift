import Inspection

/// A recorded machine with a few files and no links, in memory: a file tree costs a fuzzer nothing.
struct MemoryTree: FileTree {
    private var files: [String: [UInt8]] = [:]
    let isLive = false

    /// The least that is a machine.
    init(_ files: [String: [UInt8]] = [:]) {
        self.files = [
            "/proc/iomem": Array("00100000-3ffdffff : System RAM\n5d0000000-5efffffff : Soft Reserved\n".utf8),
            "/proc/sys/kernel/osrelease": Array("6.12.107\n".utf8),
            "/proc/modules": [], "/proc/cmdline": [],
            "/proc/sys/kernel/modprobe": [], "/proc/sys/kernel/modules_disabled": [],
            "/sys/module/x": [], "/sys/bus/platform/devices/x": [],
        ]
        self.files.merge(files) { $1 }
    }

    func display(_ path: String) -> String { "CAPTURE" + path }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? { files[path] }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        let below = files.keys.filter { $0.hasPrefix(path + "/") }
        guard !below.isEmpty else { return nil }
        return Set(below.map { String($0.dropFirst(path.count + 1).prefix { $0 != "/" }) }).sorted()
    }

    func realPath(_ path: String) -> String? {
        files[path] != nil || files.keys.contains { $0.hasPrefix(path + "/") } ? path : nil
    }

    func linkTarget(_ path: String) -> String? { nil }
}

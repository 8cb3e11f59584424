import Inspection
import Synchronization

/// A tree of files in memory, with what a real one can do to a reader.
struct FakeTree: FileTree {
    /// Contents by path.
    var files: [String: [UInt8]] = [:]
    /// Link targets by path, already resolved to a path of this tree.
    var links: [String: String] = [:]
    /// Files that are listed and vanish when they are read, as an attribute of a device that goes away.
    var vanished: Set<String> = []
    /// Files and directories that may not be looked at.
    var hidden: Set<String> = []
    /// A file that is not there at the first reading.
    var vanishesOnce: VanishingOnce?
    /// Numbers of character devices by path.
    var numbers: [String: String] = [:]
    var isLive = false

    /// The least that can be read: one Soft Reserved range on a kernel without modules.
    init(_ texts: [String: String] = [:]) {
        self["/proc/iomem"] = "00100000-3ffdffff : System RAM\n5d0000000-5efffffff : Soft Reserved\n"
        self["/proc/sys/kernel/osrelease"] = "6.12.107\n"
        self["/proc/modules"] = ""
        self["/proc/cmdline"] = ""
        self["/proc/sys/kernel/modprobe"] = "/sbin/modprobe\n"
        self["/proc/sys/kernel/modules_disabled"] = "0\n"
        self["/sys/module/x"] = ""
        self["/sys/bus/platform/devices/x"] = ""
        self["/sys/devices/system/memory/auto_online_blocks"] = "offline\n"
        for (path, text) in texts { self[path] = text }
    }

    /// The root decoder of the lab's window, as `cxl_acpi` makes it together with the window's line.
    static let rootDecoder = [
        "/sys/bus/cxl/devices/decoder0.0/devtype": "cxl_decoder_root\n",
        "/sys/bus/cxl/devices/decoder0.0/start": "0x5d0000000\n",
        "/sys/bus/cxl/devices/decoder0.0/size": "0x100000000\n",
    ]

    /// A region that is not committed.
    static func region(_ number: Int, _ start: String, _ size: String) -> [String: String] {
        let path = "/sys/bus/cxl/devices/region\(number)"
        return ["\(path)/resource": "\(start)\n", "\(path)/size": "\(size)\n", "\(path)/commit": "0\n"]
    }

    subscript(path: String) -> String? {
        get { files[path].map { String(decoding: $0, as: UTF8.self) } }
        set { files[path] = newValue.map { Array($0.utf8) } }
    }

    func display(_ path: String) -> String { (isLive ? "" : "CAPTURE") + path }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        guard let real = realPath(path), !vanished.contains(real) else { return nil }
        if hidden.contains(real) { throw InspectionError(.notPermitted, real) }
        if vanishesOnce?.vanishes(real) == true { return nil }
        return files[real]
    }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        guard let real = realPath(path) else { return nil }
        if hidden.contains(real) { throw InspectionError(.notPermitted, real) }
        let prefix = real + "/"
        let below = (Array(files.keys) + Array(links.keys)).filter { $0.hasPrefix(prefix) }
        return Set(below.map { String($0.dropFirst(prefix.count).prefix { $0 != "/" }) }).sorted()
    }

    func realPath(_ path: String) -> String? {
        var done = ""
        for part in path.split(separator: "/") {
            done += "/\(part)"
            if let target = links[done] { done = target }
        }
        let isThere =
            files[done] != nil || (Array(files.keys) + Array(links.keys)).contains { $0.hasPrefix(done + "/") }
        return isThere ? done : nil
    }

    func deviceNumber(_ path: String) -> String? { numbers[path] }

    func linkTarget(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), let parent = realPath(String(path[..<slash])) else { return nil }
        return links[parent + path[slash...]]
    }
}

/// A file that is back when it is read again.
final class VanishingOnce: Sendable {
    private let path: String
    private let isGone = Atomic(false)

    init(_ path: String) { self.path = path }

    /// It was asked for.
    var hasVanished: Bool { isGone.load(ordering: .relaxed) }

    func vanishes(_ path: String) -> Bool {
        path == self.path && !isGone.exchange(true, ordering: .relaxed)
    }
}

/// A kernel log in memory.
struct FakeLog: KernelLog {
    var text: [String]?
    init(_ text: [String]? = nil) { self.text = text }
    func content() -> KernelLogContent? { text.map { .lines($0) } }
}

/// The error that reading `root` ends with; nil where it succeeds.
func failure(reading root: String) -> InspectionError? {
    failure { () throws(InspectionError) in try Inspector(root: root).read() }
}

/// The error that reading `tree` ends with; nil where it succeeds.
func failure(_ tree: FakeTree, log: FakeLog = FakeLog()) -> InspectionError? {
    failure { () throws(InspectionError) in try Inspector(tree: tree, log: log).read() }
}

private func failure<Value>(_ body: () throws(InspectionError) -> Value) -> InspectionError? {
    do throws(InspectionError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

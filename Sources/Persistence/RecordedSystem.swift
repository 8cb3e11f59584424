package import Inspection
import LinuxSystem

// What a recorded machine tells of its boot system, to preview a `persist` elsewhere.
extension BootSystem {
    /// What a capture has empty files of, if the machine has them: that they are there decides.
    package static let recordedPresences =
        InitramfsBuilder.programs + BootLoader.files + ImageSystem.files

    /// What a capture has the content of.
    package static let recordedFiles = PersistedFile.paths + ["/etc/os-release", BootLoader.loaderInfo]

    /// Where a capture has the mounts that decide whether `/etc` lasts.
    package static let mounts = "/proc/self/mountinfo"

    /// Whether a line of `mounts` is about a directory that `/etc/modprobe.d` is in, or lies below an overlay.
    package static func isRecordedMount(_ line: Substring) -> Bool {
        let fields = line.fields()
        guard fields.count > 4 else { return false }
        let point = fields[4]
        return point == "/" || "/etc/modprobe.d/".hasPrefix(point + "/") || line.contains(" - overlay ")
    }

    /// The system of a recorded machine. Nothing is run, and nothing can be written.
    package init(recorded tree: any FileTree) {
        self.init(tree: tree)
    }

    /// What the recording does not tell, in words; nothing for a machine that is here.
    package var unrecorded: [String] {
        guard isRecorded else { return [] }
        let absent = Set(RecordedAbsences(tree: tree).paths)
        let isTold = { (path: String) in tree.exists(path) || absent.contains(path) }
        return [
            InitramfsBuilder.programs.allSatisfy(isTold) ? nil : "the initramfs tool",
            "the initramfs images",
            isTold(Self.mounts) ? nil : "whether /etc survives a reboot",
            BootLoader.files.allSatisfy(isTold) ? nil : "the boot loader",
        ].compactMap { $0 }
    }

    /// The recording tells which boot loader there is.
    var knowsBootLoader: Bool { !unrecorded.contains("the boot loader") }
}

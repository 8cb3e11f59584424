/// What the material that a machine was read from holds, and what it lacks; nothing of it for the running machine.
package struct MaterialReport: Sendable, Equatable {
    /// A part of a machine that material from a ticket often lacks. What is in none of its files is not known: it neither is
    /// there nor is not.
    package enum Part: String, Sendable, CaseIterable {
        /// `/proc/sys/kernel/osrelease`.
        case kernelRelease = "kernel-release"
        /// `/proc/cmdline`.
        case commandLine = "command-line"
        /// `/proc/modules`: which modules are loaded.
        case modules
        /// `/sys/module`, `/proc/sys/kernel/modprobe` and `modules_disabled`: what is built in, and what loads modules.
        case moduleSettings = "module-settings"
        /// The dax bus and the hmem devices.
        case daxDevices = "dax-devices"
        /// The CXL bus: decoders, regions, memory devices.
        case cxlDevices = "cxl-devices"
        /// `/sys/devices/system/memory`: which blocks are online.
        case memoryBlocks = "memory-blocks"
        /// `/sys/firmware/memmap`.
        case firmwareMap = "firmware-map"
        /// The ACPI tables, which have the CXL windows also while `cxl_acpi` is not bound.
        case acpiTables = "acpi-tables"
        /// The kernel log.
        case kernelLog = "kernel-log"
        /// The processes that use dax devices.
        case processes

        /// It in words.
        package var words: String {
            switch self {
            case .kernelRelease: "the kernel release"
            case .commandLine: "the kernel command line"
            case .modules: "the loaded modules"
            case .moduleSettings: "how modules are loaded"
            case .daxDevices: "the dax devices"
            case .cxlDevices: "the CXL devices"
            case .memoryBlocks: "the memory blocks"
            case .firmwareMap: "the firmware's memory map"
            case .acpiTables: "the ACPI tables"
            case .kernelLog: "the kernel log"
            case .processes: "the processes that use dax devices"
            }
        }
    }

    /// A line, or a part of one, that was not understood.
    package struct Remark: Sendable, Equatable, CustomStringConvertible {
        /// The file as a person knows it.
        package var file: String
        /// The number of the line, counted from 1.
        package var line: Int
        /// What was not understood.
        package var text: String
        /// Why.
        package var problem: String

        /// A remark about a place.
        package init(file: String, line: Int, text: String, problem: String) {
            self.file = file
            self.line = line
            self.text = text
            self.problem = problem
        }

        /// `ticket.txt:12: "[snip]" (no line of /proc/iomem)`.
        package var description: String { "\(file):\(line): \"\(text)\" (\(problem))" }
    }

    /// What the material lacks.
    package var unrecorded: Set<Part> = []
    /// What was not understood, by file and line.
    package var notUnderstood: [Remark] = []
    /// What is odd about the material: a running machine can be so, but its recording may also be damaged. A sentence each.
    package var oddities: [String] = []

    /// Nothing is missing and nothing is odd.
    package init() {}

    /// Whether there is nothing to tell.
    package var isEmpty: Bool { unrecorded.isEmpty && notUnderstood.isEmpty && oddities.isEmpty }

    /// One sentence about what is missing; nil if nothing is.
    package var unrecordedWords: String? {
        let parts = Part.allCases.filter(unrecorded.contains).map(\.words)
        guard let last = parts.last else { return nil }
        let list = parts.count > 1 ? parts.dropLast().joined(separator: ", ") + " and " + last : last
        return "the recording does not include \(list)"
    }
}

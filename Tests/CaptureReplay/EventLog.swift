package import Iomem
package import Ownership

/// The commands between two captures of a recorded machine, as steps of the model.
package struct EventLog {
    /// The steps that lead to each capture from the one before, by the capture's name; nil where a command is not one of ours.
    package private(set) var stepsBefore: [String: [Step]?] = [:]
    /// The commands that are one step and whose answer was recorded.
    package private(set) var answers: [Answer] = []

    /// What became of one step.
    package struct Answer {
        /// The capture before it; nil where the log begins with it.
        package var capture: String?
        /// The steps between that capture and this one.
        package var earlier: [Step]
        package var step: Step
        package var code = 0
        /// What the command printed.
        package var output = ""
    }

    private var steps: [Step]? = []
    private var capture: String?
    private var asked: Int?
    private var holds = false
    private let bytes: [String: AddressRange]
    private var hmemIsLoaded = false
    /// A person has reset a region's decoders. In sysfs such a region looks like one that waits for a memory device, and is
    /// not followed over a test of its memory.
    private var regionsWereReset = false
    /// A person has made a region, and has not bound its driver yet: both together are one step.
    private var regionIsBegun = false

    /// - Parameter bytes: Those of each `hmem.N` and `regionN` that the log names.
    package init(_ text: String, isCoordinated: Bool, bytes: [String: AddressRange] = [:]) {
        self.bytes = bytes
        for line in text.split(separator: "\n") {
            if let name = Self.captureName(line) {
                stepsBefore[name] = regionIsBegun ? .some(nil) : steps
                regionIsBegun = false
                steps = []
                capture = name
                asked = nil
            } else if line.hasPrefix("$ ") {
                let earlier = steps
                read(line.dropFirst(2).split(separator: " ").map(String.init), isCoordinated)
                asked = nil
                if let earlier, let steps, steps.count == earlier.count + 1, let step = steps.last {
                    asked = answers.count
                    answers.append(Answer(capture: capture, earlier: earlier, step: step))
                }
            } else if let asked {
                let text = line.trimmingPrefix { $0 == " " }
                if text.hasPrefix("rc="), let code = Int(text.dropFirst(3).prefix { $0.isNumber }) {
                    answers[asked].code = code
                } else {
                    answers[asked].output += text + "\n"
                }
            } else if line == "region made by hand" {
                regionIsBegun = true
            } else if line.hasPrefix("region ") {
                steps = nil
            }
        }
    }

    private static func captureName(_ line: Substring) -> String? {
        for mark in ["--- capture ", "=== capture "] where line.hasPrefix(mark) {
            return String(line.dropFirst(mark.count)).split(separator: " ").first.map(String.init)
        }
        return nil
    }

    private mutating func read(_ words: [String], _ isCoordinated: Bool) {
        let command = words.joined(separator: " ").replacing("/sbin/", with: "").replacing("'", with: "")
            .replacing("sh -c ", with: "")
        let parts = command.split(separator: " ").map(String.init)
        defer {
            if command.contains("dax_hmem") { hmemIsLoaded = command.hasPrefix("modprobe dax") || parts[0] == "insmod" }
        }
        if regionIsBegun {
            regionIsBegun = false
            steps = Self.madeRegion(parts).flatMap { name in steps.map { $0 + [.restoreRegion(name, bytes[name])] } }
        } else if command.hasSuffix("> /proc/sys/kernel/modprobe") {
            let blocks = !parts.contains("modprobe")
            holds = blocks
            steps?.append(blocks ? .hold : .release)
        } else if parts.count == 4, parts[0] == "echo", let step = binding(parts[1], parts[3]) {
            steps?.append(step)
        } else if command.hasPrefix("hold test "), !regionsWereReset {
            return
        } else if command.contains("new_id") || command == "daxctl list"
            || parts.contains("-n")
        {
            return
        } else if parts.count == 2, parts[0] == "modprobe", let step = try? Step(parsing: "load:\(parts[1])") {
            steps?.append(step)
        } else if parts.count == 2, parts[0] == "rmmod", let step = try? Step(parsing: "unload:\(parts[1])") {
            steps?.append(step)
        } else if parts.count == 2, parts[0] == "rmmod" {
            return
        } else if parts.count == 2, parts[0] == "insmod", let step = Self.insertion(parts[1]) {
            steps? += holds || isCoordinated ? [step] : [.hold, step, .release]
        } else if parts.count == 3, parts[0] == "modprobe", parts[1] == "-r" {
            steps?.append(.unload(parts[2]))
            // modprobe -r also removes what nobody uses: dependencies, and 6.12's softdep of dax_hmem; nothing at
            // all where the module is not loaded.
            if parts[2] == "dax_cxl" && isCoordinated { steps?.append(.unload("dax_hmem")) }
            if parts[2] == "dax_hmem" && !isCoordinated && hmemIsLoaded { steps?.append(.unload("cxl_acpi")) }
        } else {
            steps = nil
            if command.hasSuffix("/commit") { regionsWereReset = true }
        }
    }

    /// A write that binds or unbinds a driver, which is a step where it is part of the kernel image, or one device; a region that is only unbound is no step of ours.
    private func binding(_ name: String, _ file: String) -> Step? {
        let range = bytes[name.hasPrefix("dax_") ? String(name.dropFirst(4)) : name]
        return switch file {
        case "/sys/bus/platform/drivers/cxl_acpi/unbind": .unload("cxl_acpi")
        case "/sys/bus/platform/drivers/cxl_acpi/bind": .load("cxl_acpi")
        case "/sys/bus/platform/drivers/hmem_platform/unbind": .unload("dax_hmem")
        case "/sys/bus/platform/drivers/hmem_platform/bind": .load("dax_hmem")
        case "/sys/bus/platform/drivers/hmem/unbind": range.map(Step.unbindHmem)
        case "/sys/bus/platform/drivers/hmem/bind": range.map(Step.bindHmem)
        case "/sys/bus/cxl/drivers_probe", "/sys/bus/cxl/drivers/cxl_region/bind": range.map(Step.bindRegion)
        default: nil
        }
    }

    /// The region whose driver is bound by `echo region0 > …/cxl_region/bind`.
    private static func madeRegion(_ parts: [String]) -> String? {
        guard parts.count == 4, parts[0] == "echo", parts[3] == "/sys/bus/cxl/drivers/cxl_region/bind" else {
            return nil
        }
        return parts[1]
    }

    private static func insertion(_ path: String) -> Step? {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return try? Step(parsing: "load:\(file.replacing(".ko", with: ""))")
    }
}

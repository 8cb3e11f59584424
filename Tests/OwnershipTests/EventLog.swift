import Ownership

/// The commands between two captures of a recorded machine, as steps of the model.
struct EventLog {
    /// The steps that lead to each capture from the one before, by the capture's name; nil where a command is none of ours.
    private(set) var stepsBefore: [String: [Step]?] = [:]
    /// The commands that the kernel or modprobe refused.
    private(set) var refused: [String: Int] = [:]

    private var steps: [Step]? = []
    private var holds = false
    private var hmemIsLoaded = false

    init(_ text: String, isCoordinated: Bool) {
        for line in text.split(separator: "\n") {
            if let name = Self.captureName(line) {
                stepsBefore[name] = steps
                steps = []
            } else if line.hasPrefix("$ ") {
                read(line.dropFirst(2).split(separator: " ").map(String.init), isCoordinated)
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
        let parts = command.split(separator: " ").map(String.init)
        defer {
            if command.contains("dax_hmem") { hmemIsLoaded = command.hasPrefix("modprobe dax") || parts[0] == "insmod" }
        }
        if command.hasSuffix("> /proc/sys/kernel/modprobe") {
            let blocks = !parts.contains("modprobe")
            holds = blocks
            steps?.append(blocks ? .hold : .release)
        } else if command.contains("new_id") || command == "daxctl list" || parts.contains("-n") {
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
            // modprobe -r also removes what nobody uses any more: dependencies, and 6.12's softdep of dax_hmem; nothing at
            // all where the module is not loaded.
            if parts[2] == "dax_cxl" && isCoordinated { steps?.append(.unload("dax_hmem")) }
            if parts[2] == "dax_hmem" && !isCoordinated && hmemIsLoaded { steps?.append(.unload("cxl_acpi")) }
        } else {
            steps = nil
        }
    }

    private static func insertion(_ path: String) -> Step? {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return try? Step(parsing: "load:\(file.replacing(".ko", with: ""))")
    }
}

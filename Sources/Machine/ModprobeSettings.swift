/// What the host's own configuration of modprobe, not written by daxswitch, does to the modules that decide who owns.
public struct ModprobeSettings: Sendable, Equatable {
    /// A line of it.
    public struct Line: Sendable, Equatable, CustomStringConvertible {
        /// The file, `/etc/modprobe.d/00-nocxl.conf`.
        public var path: String
        /// Its number in the file, from 1.
        public var number: Int
        /// The line, its words with one space between them.
        public var text: String

        /// A line of a file.
        public init(path: String, number: Int, text: String) {
            self.path = path
            self.number = number
            self.text = text
        }

        /// `/etc/modprobe.d/00-nocxl.conf:1 (alias cxl_acpi off)`.
        public var description: String { "\(path):\(number) (\(text))" }

        /// It puts a command in place of a module, which also counts where another module needs that one.
        public var isCommand: Bool { text.hasPrefix("install ") }
    }

    /// The modules that modprobe does not load, nor the kernel through it, each with the line that says so.
    public var keptOut: [String: Line]
    /// The modules of which it is not known whether they are loaded, each with the line that leaves it open.
    public var doubtful: [String: Line]
    /// What is loaded before dax_hmem by a line that counts before that of `modules.softdep`; nil without one.
    public var hmemSoftDependencies: [String]?

    /// Settings that change nothing, unless given.
    public init(
        keptOut: [String: Line] = [:],
        doubtful: [String: Line] = [:],
        hmemSoftDependencies: [String]? = nil
    ) {
        self.keptOut = keptOut
        self.doubtful = doubtful
        self.hmemSoftDependencies = hmemSoftDependencies
    }
}

/// What the host's own configuration of modprobe, not written by daxswitch, does to the modules that decide who owns.
package struct ModprobeSettings: Sendable, Equatable {
    /// A line of it.
    package struct Line: Sendable, Equatable, CustomStringConvertible {
        /// The file, `/etc/modprobe.d/00-nocxl.conf`.
        package var path: String
        /// Its number in the file, from 1.
        package var number: Int
        /// The line, its words with one space between them.
        package var text: String

        /// A line of a file.
        package init(path: String, number: Int, text: String) {
            self.path = path
            self.number = number
            self.text = text
        }

        /// `/etc/modprobe.d/00-nocxl.conf:1 (alias cxl_acpi off)`.
        package var description: String { "\(path):\(number) (\(text))" }

        /// It puts a command in place of a module, which also counts where another module needs that one.
        package var isCommand: Bool { text.hasPrefix("install ") }
    }

    /// The modules that modprobe does not load, nor the kernel through it, each with the line that says so.
    package var keptOut: [String: Line]
    /// The modules of which it is not known whether they are loaded, each with the line that leaves it open.
    package var doubtful: [String: Line]
    /// What is loaded before dax_hmem by a line that counts before that of `modules.softdep`; nil without one.
    package var hmemSoftDependencies: [String]?

    /// Settings that change nothing, unless given.
    package init(
        keptOut: [String: Line] = [:],
        doubtful: [String: Line] = [:],
        hmemSoftDependencies: [String]? = nil
    ) {
        self.keptOut = keptOut
        self.doubtful = doubtful
        self.hmemSoftDependencies = hmemSoftDependencies
    }
}

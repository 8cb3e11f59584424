import ArgumentParser

/// `collect`: the machine as a directory.
struct CollectCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Record this machine in a directory, which then serves as --root anywhere.",
        discussion: """
            Copies what decides who owns Soft Reserved memory: /proc/iomem, the modules, the CXL and dax devices, the \
            ACPI tables, the kernel log. Contents of memory are never read. Only the user that made it can read the \
            recording: it holds addresses.
            """
    )

    @Argument(
        help: ArgumentHelp("A directory that is empty or not there yet.", valueName: "dir"),
        completion: .directory
    )
    var directory: String

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        try Collector.recordThisMachine(in: directory)
        if wantsJSON {
            Output.print(document("collect", ["directory": .text(directory)]))
        } else {
            Output.print(["Recorded in \(directory); read it with: daxswitch status --root \(directory)"])
        }
        return .done
    }
}

/// Why a machine could not be recorded.
struct CollectError: Error, Equatable {
    /// What kind of obstacle.
    enum Code: String {
        /// The directory has something in it.
        case notEmpty = "directory-not-empty"
        /// The directory can't be made or written.
        case notWritten = "not-written"
        /// Another user could put links into the directory while it is written.
        case notTrusted = "not-trusted"
        /// The kernel hides the addresses.
        case notPermitted = "not-permitted"
    }

    let code: Code
    let message: String

    /// How the process ends.
    var status: ExitStatus {
        switch code {
        case .notEmpty: .usage
        case .notWritten: .failed
        case .notPermitted, .notTrusted: .notPermitted
        }
    }
}

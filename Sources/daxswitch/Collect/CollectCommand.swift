import ArgumentParser

/// `collect`: the machine as a directory or an archive.
struct CollectCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Record this machine in a directory or an archive, which then serves as --root anywhere.",
        discussion: """
            Copies what decides who owns Soft Reserved memory: /proc/iomem, the modules, the CXL and dax devices, the \
            ACPI tables, the kernel log. Contents of memory are never read. Only the user that made it can read the \
            recording: it holds addresses.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A directory that is empty or not there yet, or a file that is not there yet: .tgz, .txz, .tar.zst or .tar.",
            valueName: "dir|archive"
        ),
        completion: .file()
    )
    var directory: String

    @Flag(help: "Replace the host's name, the ids of machine and boot, and serial numbers.")
    var redact = false

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func validate() throws {
        if directory.isEmpty { throw ValidationError("the name of the directory or archive is empty") }
        if directory == "-" {
            throw ValidationError(
                "collect does not write to standard output: name a directory, or an archive as host.tgz"
            )
        }
    }

    func execute() throws -> ExitStatus {
        let target = CaptureTarget(directory)
        try Collector.watched { note throws(CollectError) in
            try target.check(noting: note)
            return []
        }
        let recorded = try Collector.recordThisMachine()
        let capture = redact ? Redaction(of: recorded.capture).applied(to: recorded.capture) : recorded.capture
        try Collector.watched { note throws(CollectError) in
            try target.write(capture, noting: note)
            return []
        }
        if wantsJSON {
            Output.print(document("collect", ["directory": .text(directory), "redacted": .bool(redact)]))
        } else {
            Output.print([
                "Recorded in \(directory); read it with: daxswitch status --root \(shellWord(path: directory))"
            ])
        }
        if let problem = recorded.problem {
            Output.complain("the recording can't be read: \(problem). Send it with a report of this problem")
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

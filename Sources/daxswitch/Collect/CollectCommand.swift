import ArgumentParser
import Ownership

/// `collect`: the machine as a directory or an archive.
struct CollectCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        _superCommandName: Daxswitch.name,
        abstract: "Record this machine in a directory or an archive, to be read anywhere with --root.",
        discussion: """
            Copies the facts that decide who owns Soft Reserved memory: /proc/iomem, the modules, the CXL and dax devices, the \
            ACPI tables, the kernel log. Contents of memory are never read. Only the user who made the recording can read \
            it, because it has physical addresses.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A new or empty directory, or a new archive: .tgz, .txz, .tar.zst or .tar.",
            valueName: "dir|archive"
        ),
        completion: .file()
    )
    var directory: String

    @Flag(help: "Replace the host name, the machine and boot ids, and serial numbers.")
    var redact = false

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func validate() throws {
        if directory.isEmpty { throw ValidationError("the name of the directory or archive is empty") }
        if directory == "-" {
            throw ValidationError(
                "collect can't write to standard output. Name a directory, or an archive such as host.tgz"
            )
        }
        if CaptureTarget(directory).hasOtherArchiveType {
            throw ValidationError(
                "\(directory): not an archive type. Use .tgz, .txz, .tar.zst or .tar, or a name without such an ending"
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
                "Recorded in \(directory). To read it: daxswitch status --root \(shellWord(path: directory))"
            ])
        }
        if let problem = recorded.problem {
            Output.complain(
                "the recording can't be read: \(problem). Please report this problem and attach the recording"
            )
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

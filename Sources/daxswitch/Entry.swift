import ArgumentParser
import CSystem

/// Where the process starts.
@main
enum Entry {
    static func main() {
        daxswitch_prepare_signals()
        let arguments = savedArguments()
        do {
            var command = try Daxswitch.parseAsRoot(arguments)
            try command.run()
        } catch {
            if let failure = Failure(usage: error), asksForJSON(arguments) { Output.print(errorDocument(failure)) }
            Daxswitch.exit(withError: error)
        }
    }

    /// Whether `--json` is among arguments that can't be parsed.
    private static func asksForJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }

    /// The arguments without the program's name.
    ///
    /// Swift reads them from `/proc/self/cmdline` and finds none where `/proc` is not mounted, as early in an
    /// initramfs; a C constructor has kept the ones that the kernel passed.
    private static func savedArguments() -> [String] {
        let count = daxswitch_argument_count()
        guard count > 1 else { return [] }
        return (1..<count).compactMap { index in
            unsafe daxswitch_argument(index).map { unsafe String(cString: $0) }
        }
    }
}

extension Failure {
    /// A command line that the parser does not take; nil for any other end.
    fileprivate init?(usage error: any Error) {
        // A command that ran and ended with an exit code has said why.
        guard !(error is ExitCode), Daxswitch.exitCode(for: error) == .validationFailure else { return nil }
        self.init(.usage, code: "usage", Daxswitch.message(for: error))
    }
}

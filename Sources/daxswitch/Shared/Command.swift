import ArgumentParser
import LinuxSystem

/// A command of daxswitch: it ends with an exit status, and an error becomes text and a status in one way.
protocol Command: ParsableCommand {
    /// Whether standard output is a JSON document.
    var wantsJSON: Bool { get }

    /// Whether what is printed is all that the command does.
    var onlyPrints: Bool { get }

    /// Whether the command does nothing but read the running machine and print, so it can go on in a child process.
    var isOneReading: Bool { get }

    /// Does the work and prints the result.
    func execute() throws -> ExitStatus
}

extension Command {
    var onlyPrints: Bool { true }
    var isOneReading: Bool { false }

    mutating func run() throws {
        if isOneReading && !Entry.argumentsNameOpenFiles {
            Terminal.keepCurrent()
            if let end = Supervision.goOnInChild() {
                Output.pass(end.printed)
                return try finish(end.exitCode)
            }
        }
        var status: ExitStatus
        do {
            status = try execute()
        } catch {
            let failure = Failure(error)
            if wantsJSON { Output.print(errorDocument(failure)) }
            Output.complain(failure.message)
            status = failure.status
        }
        try finish(status.rawValue)
    }

    /// Ends with `code`, unless not all of standard output was written.
    private func finish(_ code: Int32) throws {
        var code = code
        if let loss = Output.loss {
            Output.complain("could not write all output: \(loss)")
            if onlyPrints { code = ExitStatus.failed.rawValue }
        }
        if code != ExitStatus.done.rawValue { throw ExitCode(code) }
    }
}

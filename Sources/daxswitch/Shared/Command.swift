import ArgumentParser

/// A command of daxswitch: it ends with an exit status, and an error becomes text and a status in one way.
protocol Command: ParsableCommand {
    /// Whether standard output is a JSON document.
    var wantsJSON: Bool { get }

    /// Whether what is printed is all that the command does.
    var onlyPrints: Bool { get }

    /// Whether the command reads the running machine once and prints, so it can go on in a child process.
    var isOneReading: Bool { get }

    /// Does the work and prints the result.
    func execute() throws -> ExitStatus
}

extension Command {
    var onlyPrints: Bool { true }
    var isOneReading: Bool { false }

    mutating func run() throws {
        var status: ExitStatus
        do {
            status = try execute()
        } catch {
            let failure = Failure(error)
            if wantsJSON { Output.print(errorDocument(failure)) }
            Output.complain(failure.message)
            status = failure.status
        }
        if let loss = Output.loss {
            Output.complain("could not write all output: \(loss)")
            if onlyPrints { status = .failed }
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }
}

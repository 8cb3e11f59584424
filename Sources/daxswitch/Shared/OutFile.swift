import ArgumentParser

/// A file that a person names for writing; `-` is standard output.
struct OutFile: ExpressibleByArgument, Equatable {
    let path: String

    /// A name; nil if it is empty, as of a variable that is not set.
    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        path = argument
    }

    var isStandardOutput: Bool { path == "-" }

    /// - Throws: `ValidationError` if `option` was given more than one file.
    static func check(_ files: [OutFile], of option: String) throws(ValidationError) {
        if files.count > 1 { throw ValidationError("\(option) is given \(files.count) times; name one file") }
    }

    /// Writes it as one act.
    ///
    /// - Parameter isPrivate: A new file can be read by its owner alone: it holds physical addresses.
    func write(_ text: String, isPrivate: Bool) throws(Failure) {
        try FileText.write(text, to: path, isPrivate: isPrivate)
    }
}

/// `--out` of plan.
struct PlanOutOption: OutOption {
    @Option(
        name: .customLong("out"),
        help: ArgumentHelp(
            "Write the JSON document to this file, for apply and verify; - writes it to standard output instead of text.",
            valueName: "file"
        ),
        completion: .file()
    )
    var files: [OutFile] = []

    func validate() throws { try OutFile.check(files, of: "--out") }
}

/// `--out` of predict.
struct PredictOutOption: OutOption {
    @Option(
        name: .customLong("out"),
        help: ArgumentHelp(
            "Write the prediction to this file, for verify, show and diff; - writes it to standard output instead of text.",
            valueName: "file"
        ),
        completion: .file()
    )
    var files: [OutFile] = []

    func validate() throws { try OutFile.check(files, of: "--out") }
}

/// The file that a plan or a prediction is saved in.
protocol OutOption: ParsableArguments {
    /// The files that were named; more than one is an error.
    var files: [OutFile] { get }
}

extension OutOption {
    var isAsked: Bool { !files.isEmpty }
    var isToStandardOutput: Bool { files.first?.isStandardOutput == true }

    /// The file, if it is not standard output.
    var file: OutFile? { isToStandardOutput ? nil : files.first }

    /// - Throws: `ValidationError` if both the document and text or a picture are to go to standard output.
    func checkRoom(beside format: FormatOptions) throws(ValidationError) {
        guard isToStandardOutput, let other = format.format, other != .json else { return }
        throw ValidationError(
            "--out - and --format \(other.rawValue) both write to standard output; name a file for the document"
        )
    }
}

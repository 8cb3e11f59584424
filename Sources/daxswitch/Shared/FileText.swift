import Glibc
import LinuxSystem
import SavedPlan

/// Whole files that a person names on the command line.
enum FileText {
    /// The largest plan that is read, in bytes.
    private static let planLimit = 64 << 20

    /// The text of a plan, opened once: what `distrust` has looked at is what is read.
    ///
    /// - Throws: `PlanFileError`; `Failure` where it is not to be acted on.
    static func read(_ path: String, distrust: TextFile.Distrust = { _ in nil }) throws -> String {
        do {
            return try TextFile.read(path, upTo: planLimit, distrust: distrust)
        } catch {
            let why = error.cause ?? error.message
            if error.code == .notTrusted { throw Failure(distrusting: path, why) }
            throw PlanFileError(file: path, place: nil, message: why)
        }
    }

    /// The text on standard input, to its end.
    ///
    /// - Throws: `PlanFileError`.
    static func readStandardInput() throws(PlanFileError) -> String {
        do throws(SystemError) {
            let bytes = try File(copying: STDIN_FILENO).readAll(upTo: planLimit)
            if let text = String(validating: bytes, as: UTF8.self) { return text }
        } catch {
            throw PlanFileError(file: "standard input", place: nil, message: error.cause ?? error.message)
        }
        throw PlanFileError(file: "standard input", place: nil, message: "it is not UTF-8 text")
    }

    /// Writes a file as one act; a device, a pipe or an open file is written into.
    ///
    /// - Parameter isPrivate: A new file can be read by its owner alone: it holds physical addresses.
    static func write(_ text: String, to path: String, isPrivate: Bool) throws(Failure) {
        do {
            try WriteTarget(path).write(Array(text.utf8), isPrivate: isPrivate)
        } catch {
            throw Failure(.failed, code: "not-written", "could not write \(path): \(error.cause ?? error.message)")
        }
    }
}

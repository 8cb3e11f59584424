import FoundationEssentials
import Glibc

/// Whole files that a person names on the command line.
enum FileText {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The text of a plan.
    static func read(_ path: String) throws(PlanFileError) -> String {
        guard unsafe access(path, R_OK) == 0 else {
            throw PlanFileError(file: path, place: nil, message: errorText(errno))
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PlanFileError(file: path, place: nil, message: "it can't be read as a file")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw PlanFileError(file: path, place: nil, message: "it is not UTF-8 text")
        }
        return text
    }

    /// Writes a file in one go, so that a reader never sees half of it.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure(.failed, code: "not-written", "\(path) can't be written: \(error)")
        }
    }
}

/// What `errno` means, in words.
func errorText(_ error: Int32) -> String { unsafe String(cString: strerror(error)) }

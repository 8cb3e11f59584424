import FoundationEssentials
import Glibc
import Reload

/// Whole files that a person names on the command line.
enum FileText {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Where a symbolic link leads; nil where there is none.
    static func linkTarget(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

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

    /// Writes a file as one act, so that a reader never sees half of it and a full disk leaves what was there.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            if isSpecial(path) {
                try WholeFile.fill(path, with: Array(text.utf8))
            } else {
                try WholeFile.replace(path, with: Array(text.utf8))
            }
        } catch {
            throw Failure(.failed, code: "not-written", "\(path) is not written: \(error)")
        }
    }

    /// Whether something is there that is no regular file, such as a terminal or a pipe: it is not to be replaced.
    private static func isSpecial(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }
}

/// What `errno` means, in words.
func errorText(_ error: Int32) -> String { unsafe String(cString: strerror(error)) }

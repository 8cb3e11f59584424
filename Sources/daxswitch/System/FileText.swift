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

    /// Writes a file as one act, so that a reader never sees half of it and a full disk leaves what was there; a device, a
    /// pipe or an open file is written into.
    static func write(_ text: String, to path: String) throws(Failure) {
        let bytes = Array(text.utf8)
        do {
            switch WriteTarget(path) {
            case .file(let file): try WholeFile.replace(file, with: bytes)
            case .stream(let place): try WholeFile.fill(place, with: bytes)
            case .descriptor(let descriptor): try WholeFile.fill(descriptor: descriptor, with: bytes)
            }
        } catch {
            throw Failure(.failed, code: "not-written", "\(path) is not written: \(error)")
        }
    }
}

/// What `errno` means, in words.
func errorText(_ error: Int32) -> String { unsafe String(cString: strerror(error)) }

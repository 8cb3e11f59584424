import Inspection
import LinuxSystem

extension Collector {
    /// Records the running machine into `directory`, in a child process: a file that does not answer is an error then, also
    /// one of the recording.
    ///
    /// - Throws: `CollectError`; `InspectionError` `.notAnswering` with the file.
    static func recordThisMachine(in directory: String) throws {
        let answer: [UInt8]
        do {
            answer = try WatchedReading().answer { note in
                let tree = WatchedTree(DirectoryTree(root: "/"), noting: note)
                do throws(CollectError) {
                    try note.during(directory) { () throws(CollectError) in try checkIsEmpty(directory) }
                    try Collector(tree: tree, log: RunningKernelLog(), directory: directory, noting: note).record()
                    return []
                } catch {
                    return Array("\(error.code.rawValue)\n\(error.message)".utf8)
                }
            }
        } catch {
            if let failure = InspectionError(error) { throw failure }
            try checkIsEmpty(directory)
            return try Collector(directory: directory).record()
        }
        guard !answer.isEmpty else { return }
        let parts = String(decoding: answer, as: UTF8.self).parts(at: "\n", maxSplits: 1)
        let code = parts.first.flatMap { CollectError.Code(rawValue: String($0)) }
        throw CollectError(code: code ?? .notWritten, message: String(parts.last ?? ""))
    }

    private static func checkIsEmpty(_ directory: String) throws(CollectError) {
        let names: [String]?
        do { names = try DirectoryTree(root: directory).list("/") } catch {
            throw CollectError(code: error.code == .notPermitted ? .notPermitted : .notWritten, message: error.message)
        }
        if names?.isEmpty == false { throw CollectError(code: .notEmpty, message: "\(directory) is not empty") }
    }
}

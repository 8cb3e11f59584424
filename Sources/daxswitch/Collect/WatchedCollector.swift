import Inspection
import LinuxSystem

extension Collector {
    /// Records the running machine into `directory`, in a child process: a file that does not answer is an error then.
    ///
    /// - Throws: `CollectError`; `InspectionError` `.notAnswering` with the file.
    static func recordThisMachine(in directory: String) throws {
        let answer: [UInt8]
        do {
            answer = try WatchedReading().answer { note in
                let tree = WatchedTree(DirectoryTree(root: "/"), noting: note)
                do throws(CollectError) {
                    try Collector(tree: tree, log: RunningKernelLog(), directory: directory).record()
                    return []
                } catch {
                    return Array("\(error.code.rawValue)\n\(error.message)".utf8)
                }
            }
        } catch {
            if let failure = InspectionError(error) { throw failure }
            return try Collector(directory: directory).record()
        }
        guard !answer.isEmpty else { return }
        let parts = String(decoding: answer, as: UTF8.self).parts(at: "\n", maxSplits: 1)
        let code = parts.first.flatMap { CollectError.Code(rawValue: String($0)) }
        throw CollectError(code: code ?? .notWritten, message: String(parts.last ?? ""))
    }
}

import Inspection
import LinuxSystem

extension Collector {
    /// How often a machine that changed while it was recorded is recorded again.
    private static let attempts = 3

    /// Records the running machine, in a child process. A recording that can't be read, since the machine changed meanwhile, is
    /// made again.
    ///
    /// - Returns: The capture, and why it can't be read in the end; nil if it can.
    /// - Throws: `CollectError`; `InspectionError` `.notAnswering` with a file that does not answer.
    static func recordThisMachine() throws -> (capture: Capture, problem: String?) {
        var problem: String?
        var capture = Capture()
        for _ in 0..<attempts {
            let bytes = try watched { note throws(CollectError) in
                let tree: any FileTree =
                    note.map { WatchedTree(DirectoryTree(root: "/"), noting: $0) } ?? DirectoryTree(root: "/")
                return try Collector(tree: tree, log: RunningKernelLog()).record().packed
            }
            capture = try Capture(packed: bytes)
            do throws(InspectionError) {
                _ = try Inspector(Material.of(capture.members)).read()
                return (capture, nil)
            } catch {
                problem = error.message
            }
        }
        return (capture, problem)
    }

    /// Does `body` in a child process, and gives back what it gave: a file that does not answer is an error then, also one of
    /// the recording. Without a child it is done here, and nothing is noted.
    ///
    /// - Throws: `CollectError`; `InspectionError` `.notAnswering` with the file.
    @discardableResult
    static func watched(_ body: (WatchedReading.Note?) throws(CollectError) -> [UInt8]) throws -> [UInt8] {
        let answer: [UInt8]
        do {
            answer = try WatchedReading().answer { note in
                do throws(CollectError) {
                    return [isDone] + (try body(note))
                } catch {
                    return [isError] + Array("\(error.code.rawValue)\n\(error.message)".utf8)
                }
            }
        } catch {
            if let failure = InspectionError(error) { throw failure }
            return try body(nil)
        }
        if answer.first == isDone { return Array(answer.dropFirst()) }
        let parts = String(decoding: answer.dropFirst(), as: UTF8.self).parts(at: "\n", maxSplits: 1)
        let code = parts.first.flatMap { CollectError.Code(rawValue: String($0)) }
        throw CollectError(code: code ?? .notWritten, message: String(parts.last ?? ""))
    }

    /// How an answer of the child begins.
    private static let isDone: UInt8 = 0
    private static let isError: UInt8 = 1
}

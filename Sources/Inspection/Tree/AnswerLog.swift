internal import LinuxSystem
internal import Synchronization

/// The answers of a tree to every question of one reading, by which the reading can be made again without it.
///
/// A child process reads, so a file which does not answer holds up only the child. What it was told is written down
/// and the parent reads that: both run the same code, so the parent asks nothing that the child did not ask.
final class AnswerLog: FileTree {
    private let tree: any FileTree
    private let log = Mutex<[UInt8]>([])
    private let send: (@Sendable ([UInt8]) -> Void)?

    /// So many bytes are sent at once, and the rest of a record: most parts then are one message (`ReadingProcess`).
    private static let partSize = 3072

    /// Writes down what `tree` answers.
    ///
    /// - Parameter send: Takes what was written down, a part at a time; without it all is kept.
    init(of tree: any FileTree, sendingTo send: (@Sendable ([UInt8]) -> Void)? = nil) {
        self.tree = tree
        self.send = send
    }

    /// The questions and answers until now that were not sent.
    var bytes: [UInt8] { log.withLock { $0 } }

    var isLive: Bool { tree.isLive }

    func display(_ path: String) -> String { tree.display(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        try kept(Question(.read, path)) { () throws(InspectionError) in
            try tree.read(path)
        } encoded: {
            $0
        }
    }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        try kept(Question(.list, path)) { () throws(InspectionError) in
            try tree.list(path)
        } encoded: {
            joined($0)
        }
    }

    func realPath(_ path: String) -> String? { keep(.realPath, path, tree.realPath(path)) }
    func linkTarget(_ path: String) -> String? { keep(.linkTarget, path, tree.linkTarget(path)) }

    func exists(_ path: String) -> Bool {
        let isThere = tree.exists(path)
        write(Question(.exists, path), Answer(isThere ? .value : .absent))
        return isThere
    }

    func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        try kept(Question(.hasWords, [path] + beginnings)) { () throws(InspectionError) in
            try tree.hasWords(beginnings, in: path)
        } encoded: {
            $0.map { $0 ? 1 : 0 }
        }
    }

    func deviceNumber(_ path: String) -> String? { keep(.deviceNumber, path, tree.deviceNumber(path)) }

    func sharesDescriptors(_ task: String, with other: String) -> Bool {
        let isShared = tree.sharesDescriptors(task, with: other)
        write(Question(.sharesDescriptors, [task, other]), Answer(.value, isShared ? [1] : []))
        return isShared
    }

    private func kept<Value>(
        _ question: Question,
        _ ask: () throws(InspectionError) -> Value?,
        encoded: (Value) -> [UInt8]
    ) throws(InspectionError) -> Value? {
        do throws(InspectionError) {
            let value = try ask()
            write(question, value.map { Answer(.value, encoded($0)) } ?? Answer(.absent))
            return value
        } catch {
            write(question, Answer(.failure, joined([error.code.rawValue, error.message])))
            throw error
        }
    }

    private func keep(_ kind: Question.Kind, _ path: String, _ value: String?) -> String? {
        write(Question(kind, path), value.map { Answer(.value, Array($0.utf8)) } ?? Answer(.absent))
        return value
    }

    private func write(_ question: Question, _ answer: Answer) {
        log.withLock { log in
            question.append(to: &log)
            answer.append(to: &log)
            guard let send, log.count >= Self.partSize else { return }
            send(log)
            log.removeAll(keepingCapacity: true)
        }
    }
}

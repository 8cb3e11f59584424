internal import LinuxSystem
internal import Synchronization

/// A tree that gives the answers in an `AnswerLog`, each in the order in which it was given.
///
/// The log arrives in parts, while the child process still writes it: both processes read at the same time.
final class AnsweredTree: FileTree {
    /// Gets the next part of the log; nil behind the last.
    typealias Parts = AnsweringProcess.Parts

    private struct State {
        /// What came and was not taken apart: the beginning of a record.
        var rest: [UInt8] = []
        var isWhole = false
        var answers: [Question: Answers] = [:]
        /// Why the first question that got no answer got none.
        var failure: InspectionError?

        /// Adds the next part of the log; nil is its end.
        mutating func add(_ part: [UInt8]?) {
            guard let part else { return isWhole = true }
            rest += part
            var open = rest[...]
            while true {
                let start = open
                guard let question = Question(from: &open), let answer = Answer(from: &open) else {
                    // A file of megabytes arrives in many parts, and is not copied with each.
                    if start.startIndex > rest.startIndex { rest = Array(start) }
                    return
                }
                answers[question, default: Answers()].waiting.append(answer)
            }
        }
    }

    /// What one question was answered, each time that it was asked.
    private struct Answers {
        /// Those that were not given yet, the oldest first.
        var waiting: [Answer] = []
        private var last: Answer?

        /// The last one is given as often as it is asked for, if `isWhole` says that no more come.
        mutating func next(_ isWhole: Bool) -> Answer? {
            if waiting.isEmpty { return isWhole ? last : nil }
            last = waiting.removeFirst()
            return last
        }
    }

    private let tree: any FileTree
    private let parts: Parts
    private let state = Mutex(State())

    /// The answers in a log, which were those of `tree`; that is asked nothing.
    init(of tree: any FileTree, _ parts: @escaping Parts) {
        self.tree = tree
        self.parts = parts
    }

    /// The answers in a log that is whole.
    convenience init(_ log: [UInt8], of tree: any FileTree) {
        let log = Mutex<[UInt8]?>(log)
        self.init(of: tree) { log.withLock { $0.take() } }
    }

    /// Why the first question that got no answer got none. If there is one, nothing that was read counts: whoever reads what need
    /// not be there has taken it for absent.
    var failure: InspectionError? { state.withLock { $0.failure } }

    var isLive: Bool { tree.isLive }

    func display(_ path: String) -> String { tree.display(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        try value(Question(.read, path)).map { Array($0) }
    }

    func list(_ path: String) throws(InspectionError) -> [String]? { try value(Question(.list, path)).map(texts) }
    func realPath(_ path: String) -> String? { text(.realPath, path) }
    func linkTarget(_ path: String) -> String? { text(.linkTarget, path) }
    func exists(_ path: String) -> Bool { answer(Question(.exists, path))?.kind == .value }

    func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        try value(Question(.hasWords, [path] + beginnings)).map { $0.map { $0 == 1 } }
    }

    func deviceNumber(_ path: String) -> String? { text(.deviceNumber, path) }

    func sharesDescriptors(_ task: String, with other: String) -> Bool {
        answer(Question(.sharesDescriptors, [task, other]))?.value.isEmpty == false
    }

    private func text(_ kind: Question.Kind, _ path: String) -> String? {
        guard let answer = answer(Question(kind, path)), answer.kind == .value else { return nil }
        return String(decoding: answer.value, as: UTF8.self)
    }

    private func value(_ question: Question) throws(InspectionError) -> ArraySlice<UInt8>? {
        let answer = try next(question)
        switch answer.kind {
        case .absent: return nil
        case .value: return answer.value
        case .failure:
            let parts = answer.value.split(separator: 0, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
            throw InspectionError(parts.first.flatMap(InspectionError.Code.init) ?? .unreadable, parts.last ?? "")
        }
    }

    /// The answer to a question that can't throw.
    private func answer(_ question: Question) -> Answer? {
        do throws(InspectionError) { return try next(question) } catch { return nil }
    }

    private func next(_ question: Question) throws(InspectionError) -> Answer {
        try state.withLock { (state) throws(InspectionError) in
            while true {
                if let answer = state.answers[question]?.next(state.isWhole) { return answer }
                let failure: InspectionError
                if state.isWhole {
                    let path = question.parts.first ?? ""
                    failure = InspectionError(.unstable, "\(path) was not read. Try again in a moment")
                } else {
                    do throws(SystemError) {
                        state.add(try parts())
                        continue
                    } catch {
                        failure = InspectionError(error) ?? InspectionError(.notAnswering, "\(error). Try again")
                    }
                }
                state.failure = state.failure ?? failure
                throw failure
            }
        }
    }
}

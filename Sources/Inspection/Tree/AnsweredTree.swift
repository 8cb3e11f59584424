internal import LinuxSystem
internal import Synchronization

/// The answers of a tree to every question of one reading, by which the reading can be made again without it.
///
/// A child process reads, so a file which does not answer holds up only the child. What it was told is written down
/// and the parent reads that: both run the same code, so the parent asks nothing that the child did not ask.
final class AnswerLog: FileTree {
    private let tree: any FileTree
    private let log = Mutex<[UInt8]>([])

    /// Writes down what `tree` answers.
    init(of tree: any FileTree) { self.tree = tree }

    /// All answers until now.
    var bytes: [UInt8] { log.withLock { $0 } }

    var isLive: Bool { tree.isLive }

    func display(_ path: String) -> String { tree.display(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        try kept(.read, path) { () throws(InspectionError) in
            try tree.read(path)
        } encoded: {
            $0
        }
    }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        try kept(.list, path) { () throws(InspectionError) in
            try tree.list(path)
        } encoded: {
            joined($0)
        }
    }

    func realPath(_ path: String) -> String? { keep(.realPath, path, tree.realPath(path)) }
    func linkTarget(_ path: String) -> String? { keep(.linkTarget, path, tree.linkTarget(path)) }

    func exists(_ path: String) -> Bool {
        let isThere = tree.exists(path)
        write(.exists, path, isThere ? .value : .absent, [])
        return isThere
    }

    func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        try kept(.hasWords, ([path] + beginnings).joined(separator: " ")) { () throws(InspectionError) in
            try tree.hasWords(beginnings, in: path)
        } encoded: {
            $0.map { $0 ? 1 : 0 }
        }
    }

    func deviceNumber(_ path: String) -> String? { keep(.deviceNumber, path, tree.deviceNumber(path)) }

    func sharesDescriptors(_ task: String, with other: String) -> Bool {
        let isShared = tree.sharesDescriptors(task, with: other)
        write(.sharesDescriptors, "\(task) \(other)", .value, isShared ? [1] : [])
        return isShared
    }

    private func kept<Value>(
        _ question: Question,
        _ path: String,
        _ ask: () throws(InspectionError) -> Value?,
        encoded: (Value) -> [UInt8]
    ) throws(InspectionError) -> Value? {
        do throws(InspectionError) {
            let value = try ask()
            write(question, path, value == nil ? .absent : .value, value.map(encoded) ?? [])
            return value
        } catch {
            write(question, path, .failure, joined([error.code.rawValue, error.message]))
            throw error
        }
    }

    private func keep(_ question: Question, _ path: String, _ value: String?) -> String? {
        write(question, path, value == nil ? .absent : .value, value.map { Array($0.utf8) } ?? [])
        return value
    }

    private func write(_ question: Question, _ path: String, _ kind: Answer.Kind, _ value: [UInt8]) {
        log.withLock { log in
            log += [question.rawValue, kind.rawValue]
            for count in [path.utf8.count, value.count] {
                for shift in 0..<4 { log.append(UInt8(truncatingIfNeeded: count >> (shift * 8))) }
            }
            log += path.utf8
            log += value
        }
    }
}

/// A tree that gives the answers in an `AnswerLog`, each in the order in which it was given.
final class AnsweredTree: FileTree {
    private let tree: any FileTree
    private let answers: Mutex<[Key: [Answer]]>

    /// The answers in `log`, which were those of `tree`; that is asked nothing. Nil if they were cut off.
    init?(_ log: [UInt8], of tree: any FileTree) {
        self.tree = tree
        var answers: [Key: [Answer]] = [:]
        var rest = log[...]
        while !rest.isEmpty {
            guard rest.count >= 10, let question = rest.popFirst().flatMap(Question.init),
                let kind = rest.popFirst().flatMap(Answer.Kind.init)
            else { return nil }
            let counts = [rest.prefix(4), rest.dropFirst(4).prefix(4)].map {
                $0.reversed().reduce(0) { $0 << 8 | Int($1) }
            }
            rest = rest.dropFirst(8)
            guard rest.count >= counts[0] + counts[1] else { return nil }
            let key = Key(question: question, path: rest.prefix(counts[0]))
            rest = rest.dropFirst(counts[0])
            answers[key, default: []].append(Answer(kind: kind, value: rest.prefix(counts[1])))
            rest = rest.dropFirst(counts[1])
        }
        // The first answer is taken first, from the end.
        self.answers = Mutex(answers.mapValues { $0.reversed() })
    }

    var isLive: Bool { tree.isLive }

    func display(_ path: String) -> String { tree.display(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? { try value(.read, path).map { Array($0) } }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        try value(.list, path).map { $0.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } }
    }

    func realPath(_ path: String) -> String? { text(.realPath, path) }
    func linkTarget(_ path: String) -> String? { text(.linkTarget, path) }
    func exists(_ path: String) -> Bool { next(.exists, path)?.kind == .value }

    func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        try value(.hasWords, ([path] + beginnings).joined(separator: " ")).map { $0.map { $0 == 1 } }
    }

    func deviceNumber(_ path: String) -> String? { text(.deviceNumber, path) }

    func sharesDescriptors(_ task: String, with other: String) -> Bool {
        next(.sharesDescriptors, "\(task) \(other)")?.value.isEmpty == false
    }

    private func text(_ question: Question, _ path: String) -> String? {
        guard let answer = next(question, path), answer.kind == .value else { return nil }
        return String(decoding: answer.value, as: UTF8.self)
    }

    private func value(_ question: Question, _ path: String) throws(InspectionError) -> ArraySlice<UInt8>? {
        guard let answer = next(question, path) else {
            throw InspectionError(.unstable, "\(path) was not read. Try again in a moment")
        }
        switch answer.kind {
        case .absent: return nil
        case .value: return answer.value
        case .failure:
            let parts = answer.value.split(separator: 0, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
            throw InspectionError(parts.first.flatMap(InspectionError.Code.init) ?? .unreadable, parts.last ?? "")
        }
    }

    /// The last answer is given as often as it is asked for.
    private func next(_ question: Question, _ path: String) -> Answer? {
        let key = Key(question: question, path: Array(path.utf8)[...])
        return answers.withLock { answers in
            guard let left = answers[key] else { return nil }
            if left.count > 1 { answers[key]?.removeLast() }
            return left.last
        }
    }
}

/// What a tree is asked.
private enum Question: UInt8 {
    case read, list, realPath, exists, hasWords, linkTarget, deviceNumber, sharesDescriptors
}

/// By bytes: two names that are equal as text are two files.
private struct Key: Hashable {
    let question: Question
    let path: ArraySlice<UInt8>
}

private struct Answer {
    enum Kind: UInt8 { case absent, value, failure }
    let kind: Kind
    let value: ArraySlice<UInt8>
}

/// Texts with NUL between them, which no name holds.
private func joined(_ texts: [String]) -> [UInt8] { Array(texts.map { Array($0.utf8) }.joined(separator: [0])) }

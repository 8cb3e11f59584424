package import LinuxSystem

/// A tree in a child process that notes for its parent which file is asked.
package struct WatchedTree: FileTree {
    private let tree: any FileTree
    private let note: WatchedReading.Note

    /// The files of `tree`.
    package init(_ tree: any FileTree, noting note: WatchedReading.Note) {
        self.tree = tree
        self.note = note
    }

    /// The files of `tree`, if this process has a parent that watches it.
    init?(noted tree: any FileTree) {
        guard let note = Supervision.note else { return nil }
        self.init(tree, noting: note)
    }

    /// As `tree` has it.
    package var isLive: Bool { tree.isLive }

    /// As `tree` has it.
    package func display(_ path: String) -> String { tree.display(path) }

    /// As `tree` has it.
    package func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        try note.during(path) { () throws(InspectionError) in try tree.read(path) }
    }

    /// As `tree` has it.
    package func list(_ path: String) throws(InspectionError) -> [String]? {
        try note.during(path) { () throws(InspectionError) in try tree.list(path) }
    }

    /// As `tree` has it.
    package func realPath(_ path: String) -> String? { note.during(path) { tree.realPath(path) } }

    /// As `tree` has it.
    package func exists(_ path: String) -> Bool { note.during(path) { tree.exists(path) } }

    /// As `tree` has it.
    package func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        try note.during(path) { () throws(InspectionError) in try tree.hasWords(beginnings, in: path) }
    }

    /// As `tree` has it.
    package func linkTarget(_ path: String) -> String? { note.during(path) { tree.linkTarget(path) } }

    /// As `tree` has it.
    package func deviceNumber(_ path: String) -> String? { note.during(path) { tree.deviceNumber(path) } }

    /// As `tree` has it: the kernel asks no file.
    package func sharesDescriptors(_ task: String, with other: String) -> Bool {
        tree.sharesDescriptors(task, with: other)
    }
}

extension WatchedReading {
    /// Asks `tree` with `question` in a child, and here from the answers that it got. If this process is one that its parent
    /// watches, `tree` is asked here.
    ///
    /// - Throws: What `question` throws; `InspectionError` `.notAnswering` if a file didn't answer in time.
    func ask<Value>(
        _ tree: any FileTree,
        _ question: (any FileTree) throws(InspectionError) -> Value
    ) throws(InspectionError) -> Value {
        if let tree = WatchedTree(noted: tree) { return try question(tree) }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try answer { note in
                let log = AnswerLog(of: WatchedTree(tree, noting: note))
                // What it throws is thrown again where the answers are read.
                _ = try? question(log)
                return log.bytes
            }
        } catch {
            if let failure = InspectionError(error) { throw failure }
            // Without a child it can only be asked here.
            return try question(tree)
        }
        return try AnsweredTree(bytes, of: tree).answering(question)
    }
}

extension AnsweredTree {
    /// What `question` makes of the answers.
    ///
    /// - Throws: Why one of them is missing; else what `question` throws.
    func answering<Value>(
        _ question: (any FileTree) throws(InspectionError) -> Value
    ) throws(InspectionError) -> Value {
        let value: Value
        do throws(InspectionError) {
            value = try question(self)
        } catch {
            throw failure ?? error
        }
        if let failure { throw failure }
        return value
    }
}

extension InspectionError {
    /// What went wrong with a watched reading; nil if it could not be watched at all, as without a process to be had.
    package init?(_ error: SystemError) {
        switch error.code {
        case .timedOut, .hung:
            self.init(.notAnswering, "\(error). Its file system or driver hangs; try again once it answers")
        case .ended: self.init(.notAnswering, "\(error). Try again")
        default: return nil
        }
    }
}

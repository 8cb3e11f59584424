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
    /// Asks `tree` with `question` in a child, and here from the answers that it got.
    ///
    /// - Parameter what: What `question` reads, as an error names it.
    /// - Throws: What `question` throws; `InspectionError` `.notAnswering` if a file didn't answer in time.
    func ask<Value>(
        _ tree: any FileTree,
        about what: String,
        _ question: (any FileTree) throws(InspectionError) -> Value
    ) throws(InspectionError) -> Value {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try answer { note in
                let log = AnswerLog(of: WatchedTree(tree, noting: note))
                // What it throws is thrown again below.
                _ = try? question(log)
                return log.bytes
            }
        } catch {
            if let failure = InspectionError(error) { throw failure }
            // Without a child it can only be asked here.
            return try question(tree)
        }
        guard let answers = AnsweredTree(bytes, of: tree) else {
            throw InspectionError(.unstable, "\(what) was not read completely. Try again in a moment")
        }
        return try question(answers)
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

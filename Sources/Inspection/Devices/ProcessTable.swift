internal import LinuxSystem

/// The processes in `/proc`, with their tasks and the mounts they see; both are read when they are first asked for.
///
/// A task is a thread. It may have file descriptors and mounts of its own (unshare(2)), and it goes on when the main thread
/// has ended: `/proc/PID` then shows neither descriptors nor mappings, `/proc/PID/task/TID` does.
package final class ProcessTable {
    private let tree: any FileTree
    /// The processes' numbers, in rising order.
    package let processes: [String]
    private var knownTasks: [String: (tasks: [Task], isHidden: Bool)] = [:]
    private var knownMounts: [Mount]?

    /// The processes of the machine in `tree`.
    package init(tree: any FileTree) {
        self.tree = tree
        processes = tree.optionalNames(in: "/proc").filter { Int($0) != nil }
    }

    /// A thread of a process.
    package struct Task {
        /// Its number; that of the process for the main thread.
        package let number: String
        /// Its directory in `/proc`.
        package let path: String
    }

    /// A file system that some process sees at some place.
    package struct Mount {
        /// The file with the line about it.
        package let file: String
        /// The number by which `/proc/PID/fdinfo` names it; the kernel gives each to one mount (alloc_mnt_idr()).
        let id: Substring
        /// The number of the device or, without one, of the file system: `259:0`.
        package let device: Substring
        /// Where it is mounted.
        let place: Substring
        /// `ext4`; nil where the line does not say it.
        let type: Substring?
    }

    /// The tasks of a process, the main thread first, and whether there may be more, since they may not be looked at.
    package func tasks(of process: String) -> (tasks: [Task], isHidden: Bool) {
        if let known = knownTasks[process] { return known }
        var isHidden = false
        let others: [String]
        do {
            others = try tree.names(in: "/proc/\(process)/task") { $0 != process && Int($0) != nil }
        } catch {
            others = []
            isHidden = error.code == .notPermitted
        }
        let tasks =
            [Task(number: process, path: "/proc/\(process)")]
            + others.map { Task(number: $0, path: "/proc/\(process)/task/\($0)") }
        knownTasks[process] = (tasks, isHidden)
        return (tasks, isHidden)
    }

    /// What is mounted in any mount namespace that a task is in. Each namespace is read once.
    package var mounts: [Mount] {
        if let knownMounts { return knownMounts }
        var mounts: [Mount] = []
        var namespaces: Set<String> = []
        for process in processes {
            for task in tasks(of: process).tasks {
                // A recording has no such links: each of its files counts.
                let namespace = tree.linkTarget("\(task.path)/ns/mnt") ?? task.path
                guard namespaces.insert(namespace).inserted else { continue }
                let file = "\(task.path)/mountinfo"
                mounts += tree.optionalText(file).lines.compactMap { Mount($0, in: file) }
            }
        }
        knownMounts = mounts
        return mounts
    }
}

extension ProcessTable.Mount {
    /// `ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAG…] - TYPE SOURCE OPTIONS` (Documentation/filesystems/proc.rst).
    fileprivate init?(_ line: Substring, in file: String) {
        let words = line.fields()
        guard words.count > 4 else { return nil }
        self.file = file
        id = words[0]
        device = words[2]
        place = words[4]
        let dash = words.dropFirst(5).firstIndex(of: "-")
        type = dash.flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
    }
}

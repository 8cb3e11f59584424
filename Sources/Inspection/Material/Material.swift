package import LinuxSystem

/// What `--root` names: the running machine, or a recorded one in whatever form it came. Here alone it is decided what it is;
/// everybody else sees a tree of files and a kernel log.
package struct Material: Sendable {
    /// The files of the machine.
    package let tree: any FileTree
    /// Its kernel log.
    package let log: any KernelLog
    /// What it is.
    let kind: Kind
    /// What is odd about the material itself, a sentence each.
    let oddities: [String]

    /// A machine in the members of an archive, by their paths inside its root.
    package static func of(_ members: [TarMember]) -> Material {
        var tree = StoredTree { $0 }
        for member in members { _ = tree.add(member.kind, at: member.path, below: "") }
        return Material(tree: tree, log: RecordedKernelLog(tree: tree), kind: .capture, oddities: [])
    }

    /// What it is.
    enum Kind: Sendable {
        /// The running machine, or a tree of which nothing else is known.
        case machine
        /// A recording by `daxswitch collect`, or a directory like one.
        case capture
        /// A report of sos.
        case sosreport
        /// One text with lines of `/proc/iomem`; its last line need not be whole.
        case text
    }

    /// The files of a directory, whatever it is.
    static func files(in directory: String) -> Material {
        let tree = DirectoryTree(root: directory)
        return Material(tree: tree, log: RecordedKernelLog(tree: tree), kind: .capture, oddities: [])
    }

    /// The running machine.
    package static var thisMachine: Material {
        Material(tree: DirectoryTree(root: "/"), log: RunningKernelLog.shared, kind: .machine, oddities: [])
    }

    /// The same with `tree` and `log` in place of its own.
    func with(_ tree: any FileTree, _ log: any KernelLog) -> Material {
        Material(tree: tree, log: log, kind: kind, oddities: oddities)
    }

    /// What is at `path`: `/`, a directory with a recorded machine or a sosreport, an archive of one of these, or a text.
    ///
    /// - Throws: `InspectionError` `.badCapture` if it is not one of these or can't be read.
    package static func open(_ path: String) throws(InspectionError) -> Material {
        let directory = DirectoryTree(root: path)
        if directory.isLive { return thisMachine }
        let status: FileStatus
        do { status = try FileStatus(path) } catch {
            throw InspectionError(
                error.code == .notPermitted ? .notPermitted : .badCapture,
                "\(path): \(error.cause ?? error.message)"
            )
        }
        switch status.kind {
        case .directory: return try recorded(in: directory, oddities: [])
        case .regular: return try read(path)
        default:
            throw InspectionError(.badCapture, "\(path) is a device or a FIFO, not a capture, an archive or a text")
        }
    }

    /// A recorded machine or a sosreport in a tree.
    private static func recorded(in tree: any FileTree, oddities: [String]) throws(InspectionError) -> Material {
        if Sosreport.isOne(tree) {
            let report = try Sosreport(tree)
            return Material(tree: report.tree, log: report.log, kind: .sosreport, oddities: oddities + report.oddities)
        }
        guard tree.exists("/proc/iomem") else { throw noCapture(tree) }
        return Material(tree: tree, log: RecordedKernelLog(tree: tree), kind: .capture, oddities: oddities)
    }

    /// Why a directory is no recorded machine. It may hold several.
    private static func noCapture(_ tree: any FileTree) -> InspectionError {
        let names = tree.optionalNames(in: "/")
        let captures = names.filter { tree.exists("/\($0)/proc/iomem") || tree.exists("/\($0)/sos_commands") }
        let archives = names.filter { Compression(ofName: $0) != nil || $0.hasSuffix(".tar") }
        let inside = captures.isEmpty ? archives : captures
        let what = captures.isEmpty ? "archive" : "capture"
        let hint =
            switch inside.count {
            case 0: "\(tree.display("/proc/iomem")) is missing. Make a capture with `daxswitch collect`"
            case 1: "the \(what) is in \(tree.display("/\(inside[0])")). Name that directory"
            default:
                "it has \(inside.count) \(what)s, \(inside[0]) to \(inside[inside.count - 1]). Name one, such as "
                    + "\(tree.display("/\(inside[0])")). status, plan and verify take all of them: \(tree.display("/"))*"
            }
        return InspectionError(.badCapture, "\(tree.display("/")): not a capture: \(hint)")
    }

    private static func read(_ path: String) throws(InspectionError) -> Material {
        do {
            let file = try File.readingRegular(path)
            let head = try file.readPart()
            let compression = Compression(of: head)
            let stream: any ByteStream
            if let compression {
                stream = try compression.unpacked(file)
            } else {
                stream = ResumedStream(head, then: FileStream(file))
            }
            let start = try stream.head(TarReader.blockSize)
            let whole = ResumedStream(start, then: stream)
            if TarReader.isArchive(start) {
                let archive = try ArchivedFiles(whole, path: path)
                return try recorded(in: archive.tree, oddities: archive.oddities)
            }
            return try text(whole, path, isPacked: compression != nil)
        } catch let error as InspectionError {
            throw error
        } catch let error as SystemError {
            throw unreadable(path, error)
        } catch {
            throw InspectionError(.badCapture, "\(path): \(error)")
        }
    }

    private static func unreadable(_ path: String, _ error: SystemError) -> InspectionError {
        switch error.code {
        case .notPermitted: InspectionError(.notPermitted, "\(path): permission denied")
        case .unavailable where error.message.contains("/usr/bin/"):
            InspectionError(.missingFeature, "\(path): \(error). Install it, or unpack the file and name the directory")
        default: InspectionError(.badCapture, "\(path): \(error)")
        }
    }

    /// The largest text that is read, in bytes.
    private static let textLimit = 64 << 20

    private static func text(
        _ stream: any ByteStream,
        _ path: String,
        isPacked: Bool
    ) throws -> Material {
        var bytes: [UInt8] = []
        while true {
            let part = try stream.next()
            if part.isEmpty { break }
            bytes += part
            guard bytes.count <= textLimit else {
                throw InspectionError(
                    .badCapture,
                    "\(path): not a tar archive, and larger than the limit for a text (64 MiB)"
                )
            }
        }
        var tree = StoredTree { $0 == "/proc/iomem" ? path : "\(path):\($0)" }
        tree.add(file: bytes, at: "/proc/iomem")
        return Material(tree: tree, log: RecordedKernelLog(tree: tree), kind: .text, oddities: [])
    }
}

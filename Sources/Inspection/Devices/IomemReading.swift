internal import Iomem
internal import Machine

/// Reads `/proc/iomem` so the text is of one moment.
struct IomemReading {
    let tree: any FileTree
    /// The file is a text that somebody pasted and no file of a recorded machine.
    var isText = false

    private static let path = "/proc/iomem"
    /// How often the file is read before giving up; each reading takes well below a millisecond.
    private static let attempts = 20

    /// The tree.
    ///
    /// The kernel fills a page at a time and the resources may change between two pages (`seq_read()`, fs/seq_file.c),
    /// so on a running machine a text counts when two in a row are equal.
    /// - Returns: The tree and, of a recorded machine, what of the file was not understood.
    func read() throws(InspectionError) -> (tree: IomemTree, remarks: [MaterialReport.Remark]) {
        var bytes = try readBytes()
        if tree.isLive {
            var attempt = 1
            while true {
                let again = try readBytes()
                if again == bytes { break }
                bytes = again
                attempt += 1
                guard attempt < Self.attempts else {
                    throw InspectionError(.unstable, "\(Self.path) keeps changing. Try again in a moment")
                }
            }
        }
        do throws(IomemError) {
            if tree.isLive { return (try IomemTree(parsing: bytes, file: Self.path), []) }
            return try pasted(bytes)
        } catch {
            throw translated(error)
        }
    }

    /// Recordings come from tickets, where people have cut, quoted and commented the text.
    private func pasted(
        _ bytes: [UInt8]
    ) throws(IomemError) -> (tree: IomemTree, remarks: [MaterialReport.Remark]) {
        let file = tree.display(Self.path)
        do throws(IomemError) {
            _ = try IomemTree(parsing: bytes, file: file)
        } catch {
            // A file that is the kernel's own up to where it ends was cut off.
            if error.problem == .truncated && !isText { throw error }
        }
        let text: IomemText
        do throws(IomemError) {
            text = try IomemText(reading: bytes, file: file)
        } catch {
            // What is no such file at all is told by its first line.
            if error.problem == .empty && !isText { _ = try IomemTree(parsing: bytes, file: file) }
            throw error
        }
        let remarks = text.remarks.map {
            MaterialReport.Remark(file: file, line: $0.line, text: $0.text, problem: $0.problem)
        }
        return (text.tree, remarks)
    }

    private func readBytes() throws(InspectionError) -> [UInt8] {
        guard let bytes = try tree.read(Self.path) else {
            throw InspectionError(
                tree.isLive ? .missingFeature : .badCapture,
                "\(tree.display(Self.path)) is missing"
            )
        }
        return bytes
    }

    private func translated(_ error: IomemError) -> InspectionError {
        switch (error.problem, tree.isLive) {
        case (.empty, false) where isText:
            InspectionError(
                .badCapture,
                "\(error.file): not a capture, an archive or a text with lines of /proc/iomem"
            )
        case (.zeroed, true):
            InspectionError(.notPermitted, "\(error). Run as root")
        case (.zeroed, false):
            InspectionError(.badCapture, "\(error). Record the machine again as root")
        case (_, true):
            InspectionError(.unreadable, "\(error)")
        case (_, false):
            InspectionError(.badCapture, "\(error). Record the machine again (daxswitch collect)")
        }
    }
}

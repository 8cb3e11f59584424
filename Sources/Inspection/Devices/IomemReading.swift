internal import Iomem

/// Reads `/proc/iomem` so that the text is of one moment.
struct IomemReading {
    let tree: any FileTree

    private static let path = "/proc/iomem"
    /// How often the file is read before giving up; each reading takes well below a millisecond.
    private static let attempts = 20

    /// The tree.
    ///
    /// The kernel fills a page at a time and the resources may change between two pages (`seq_read()`, fs/seq_file.c),
    /// so on a running machine a text counts when two in a row are equal.
    func read() throws(InspectionError) -> IomemTree {
        var bytes = try readBytes()
        if tree.isLive {
            var attempt = 1
            while true {
                let again = try readBytes()
                if again == bytes { break }
                bytes = again
                attempt += 1
                guard attempt < Self.attempts else {
                    throw InspectionError(.unstable, "\(Self.path) changes all the time; try again in a moment")
                }
            }
        }
        do throws(IomemError) {
            return try IomemTree(parsing: bytes, file: tree.display(Self.path))
        } catch {
            throw translated(error)
        }
    }

    private func readBytes() throws(InspectionError) -> [UInt8] {
        guard let bytes = try tree.read(Self.path) else {
            throw InspectionError(
                tree.isLive ? .missingFeature : .badCapture,
                "\(tree.display(Self.path)) is not there"
            )
        }
        return bytes
    }

    private func translated(_ error: IomemError) -> InspectionError {
        switch (error.problem, tree.isLive) {
        case (.zeroed, true):
            InspectionError(.notPermitted, "\(error); run as root")
        case (.zeroed, false):
            InspectionError(.badCapture, "\(error): the machine was recorded without it; record it again as root")
        case (_, true):
            InspectionError(.unreadable, "\(error)")
        case (_, false):
            InspectionError(.badCapture, "\(error); record the machine again (daxswitch collect)")
        }
    }
}

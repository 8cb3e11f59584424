internal import Iomem
internal import LinuxSystem

/// The files below a root directory: those of the running machine, or of a recorded one.
///
/// Paths are absolute inside the root (`/proc/iomem`); no implementation may reach a file outside it.
/// What is not there, or vanished while it was read (a device went away), is nil and no error.
package protocol FileTree: Sendable {
    /// Whether this is the running machine and not a recorded one.
    var isLive: Bool { get }
    /// How a message calls the file at `path`.
    func display(_ path: String) -> String
    /// The bytes of a file; nil where it is absent.
    func read(_ path: String) throws(InspectionError) -> [UInt8]?
    /// The names in a directory, sorted; nil where it is absent.
    func list(_ path: String) throws(InspectionError) -> [String]?
    /// `path` with every symbolic link resolved inside the root; nil where it is absent.
    func realPath(_ path: String) -> String?
    /// Whether a file or directory is there, links followed.
    func exists(_ path: String) -> Bool
    /// Which of `beginnings` a word of the file begins with: what stands behind a space. Nil where the file is absent. For
    /// files of megabytes, which are not kept.
    func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]?
    /// What the symbolic link at `path` says; nil where there is no link.
    func linkTarget(_ path: String) -> String?
    /// The number, `252:0`, of the character device that an entry of `/proc/PID/fd` or `map_files` leads to, also in
    /// another mount namespace; nil if it is not, or if that is not known, as in a recording.
    func deviceNumber(_ path: String) -> String?
    /// Whether two tasks, by their numbers, have one table of file descriptors; false where that can't be told.
    func sharesDescriptors(_ task: String, with other: String) -> Bool
}

extension FileTree {
    /// A tree of files has no devices.
    package func deviceNumber(_ path: String) -> String? { nil }

    /// A tree of files has no tasks.
    package func sharesDescriptors(_ task: String, with other: String) -> Bool { false }
}

extension FileTree {
    /// What can be resolved is there.
    package func exists(_ path: String) -> Bool { realPath(path) != nil }

    /// Of a tree that has its files in memory.
    package func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        guard let bytes = try read(path) else { return nil }
        var search = WordSearch(beginnings)
        search.look(into: bytes)
        return search.found
    }

    /// The text of a file; nil where it is absent. Bytes that are no UTF-8 become U+FFFD.
    package func text(_ path: String) throws(InspectionError) -> String? {
        guard let bytes = try read(path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value of an attribute: the first line without surrounding spaces; nil where it is absent.
    package func value(_ path: String) throws(InspectionError) -> String? {
        try read(path)?.firstLine
    }

    /// The value of an attribute that nothing depends on: nil where it can't be read for whatever reason.
    package func optionalValue(_ path: String) -> String? {
        do { return try value(path) } catch { return nil }
    }

    /// The number in an attribute, `0x` or decimal; nil where it is absent or empty.
    /// - Throws: where something else than a number stands there.
    package func number(_ path: String) throws(InspectionError) -> UInt64? {
        guard let value = try value(path), !value.isEmpty else { return nil }
        guard let number = parseNumber(value) else { throw damaged(path, "\"\(value)\" is not a number") }
        return number
    }

    /// The names in a directory that satisfy `matches`, in the order in which people number things;
    /// empty where the directory is absent.
    package func names(in path: String, where matches: (String) -> Bool) throws(InspectionError) -> [String] {
        (try list(path) ?? []).filter(matches).sorted(by: numberedBefore)
    }

    /// The last component of a link's target, as for `driver`; nil where there is no link.
    package func linkName(_ path: String) -> String? {
        linkTarget(path)?.parts(at: "/").last.map(String.init)
    }

    /// An error about a file that is there and makes no sense.
    func damaged(_ path: String, line: Int? = nil, _ problem: String) -> InspectionError {
        let place = display(path) + (line.map { ":\($0)" } ?? "")
        guard !isLive else { return InspectionError(.unreadable, "\(place): \(problem)") }
        return InspectionError(.badCapture, "\(place): \(problem). Record the machine again (daxswitch collect)")
    }
}

extension String {
    /// Whether this is `prefix` with a number behind it, as in `region0`.
    func isNumbered(_ prefix: String) -> Bool { self[...].isNumbered(prefix) }
}

extension Substring {
    /// Whether this is `prefix` with a number behind it, as in `region0`.
    func isNumbered(_ prefix: String) -> Bool {
        guard startsWithBytes(of: prefix) else { return false }
        let number = utf8.dropFirst(prefix.utf8.count)
        return !number.isEmpty && number.allSatisfy(isDigit)
    }
}

extension Character {
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

private func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

/// Orders names as people number things: `region2` before `region10`, `decoder1.2` before `decoder1.10`.
func numberedBefore(_ left: String, _ right: String) -> Bool {
    var (left, right) = (left.utf8[...], right.utf8[...])
    while let first = left.first, let second = right.first {
        let (one, other) = (run(left, isDigit(first)), run(right, isDigit(second)))
        if !one.elementsEqual(other) {
            if isDigit(first), isDigit(second) {
                let (small, large) = (one.drop { $0 == 0x30 }, other.drop { $0 == 0x30 })
                if small.count != large.count { return small.count < large.count }
                if !small.elementsEqual(large) { return small.lexicographicallyPrecedes(large) }
            }
            return one.lexicographicallyPrecedes(other)
        }
        left = left[one.endIndex...]
        right = right[other.endIndex...]
    }
    return left.isEmpty && !right.isEmpty
}

/// The digits at the start, or what stands before the first digit.
private func run(_ text: Substring.UTF8View, _ ofDigits: Bool) -> Substring.UTF8View {
    text.prefix { isDigit($0) == ofDigits }
}

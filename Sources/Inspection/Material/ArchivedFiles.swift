internal import LinuxSystem

/// The files of an archive with a recorded machine or a sosreport, held in memory.
///
/// The archive is a stranger's. Nothing of it is written anywhere. Names that lead out of it, devices and FIFOs are left out,
/// and each kind is told.
struct ArchivedFiles {
    /// The machine's files.
    let tree: StoredTree
    /// What was left out, a sentence each.
    let oddities: [String]

    /// Reads the archive at `path`.
    ///
    /// - Throws: `SystemError` if it is damaged or too large, `InspectionError` if it holds no machine, or several.
    init(_ stream: any ByteStream, path archive: String) throws {
        var members: [(path: String, kind: TarMember.Kind)] = []
        var oddities = Oddities()
        var reader = TarReader(stream, where: Self.isWanted)
        while let member = try reader.next() {
            if let path = oddities.place(of: member) { members.append((path, member.kind)) }
        }
        let root = try Self.root(of: members.map(\.path), in: archive)
        var tree = StoredTree { "\(archive):\(root)\($0)" }
        for (whole, kind) in members where whole.hasPrefix(root + "/") {
            let path = String(whole.dropFirst(root.count))
            if tree.has(path) { oddities.add(whole, "it is in the archive more than once; the last one is used") }
            if !tree.add(kind, at: path, below: root) {
                oddities.add(whole, "it is outside of the archive, so it is not read")
            }
        }
        self.tree = tree
        self.oddities = oddities.sentences
    }

    /// The directory around the files that every recorded machine, or every sosreport, has.
    private static func root(of paths: [String], in archive: String) throws(InspectionError) -> String {
        let roots = Set(paths.compactMap(machine))
        let depth = { (path: String) in path.parts(at: "/").count }
        let least = roots.map(depth).min()
        let found = roots.filter { depth($0) == least }.sorted(by: numberedBefore)
        guard let first = found.first, let last = found.last else {
            throw InspectionError(
                .badCapture,
                "\(archive): not a capture (no proc/iomem in the archive). Make one with `daxswitch collect NEW.tgz`"
            )
        }
        guard found.count == 1 else {
            throw InspectionError(
                .badCapture,
                "\(archive): the archive has \(found.count) captures, \(first.dropFirst()) to \(last.dropFirst()). "
                    + "Unpack it and name one of them"
            )
        }
        return first
    }

    /// The root of the machine that has the file at `path`, if the file tells.
    private static func machine(of path: String) -> String? {
        if path.hasSuffix("/proc/iomem") { return String(path.dropLast("/proc/iomem".utf8.count)) }
        return path.place(of: "/sos_commands/").map { String(path[..<$0.lowerBound]) }
    }

    /// The files that a reader may ask for: a sosreport has a thousand times as many.
    private static func isWanted(_ path: String) -> Bool {
        // What is wrong with a name is told, whoever may ask for the file.
        if path.hasPrefix("/") || path.parts(at: "/").contains("..") { return true }
        let path = "/\(path)"
        return [
            "/proc/", "/sys/", "/boot/config-", "/lib/modules/", "modprobe.d/", "udev/rules.d/", "/run/daxswitch/",
            "/sos_commands/",
        ]
        .contains { path.holds($0) }
            || ["/dmesg", "/kmsg", "/host-id", "/absent", "/machine-id"].contains { path.hasSuffix($0) }
    }
}

extension StoredTree {
    /// Puts a member in its place. A hard link gets the content that its target has until now.
    mutating func add(_ kind: TarMember.Kind, at path: String, below root: String) -> Bool {
        switch kind {
        case .file(let bytes): return add(file: bytes, at: path)
        case .link(let target): return add(link: target, at: path)
        case .directory: return add(directory: path)
        case .other: return true
        case .hardLink(let target):
            let place = "/" + target.parts(at: "/").joined(separator: "/")
            guard place.hasPrefix(root + "/"), has(String(place.dropFirst(root.count))),
                let bytes = try? read(String(place.dropFirst(root.count)))
            else { return false }
            return add(file: bytes, at: path)
        }
    }
}

/// What is odd about the members of an archive: each kind once, with an example and the number of the others.
private struct Oddities {
    private var found: [(problem: String, example: String, count: Int)] = []

    var sentences: [String] {
        found.map { odd in
            let others = odd.count > 1 ? " (and \(odd.count - 1) more)" : ""
            return "\(odd.example)\(others): \(odd.problem)"
        }
    }

    mutating func add(_ path: String, _ problem: String) {
        guard let index = found.firstIndex(where: { $0.problem == problem }) else {
            found.append((problem, path, 1))
            return
        }
        found[index].count += 1
    }

    /// Where a member belongs in the tree; nil if it is left out.
    mutating func place(of member: TarMember) -> String? {
        if case .other(let what) = member.kind {
            add(member.path, "it is \(what), which is not read")
            return nil
        }
        let parts = member.path.parts(at: "/").filter { $0 != "." }
        if parts.contains("..") {
            add(member.path, "the path points outside of the archive, so it is not read")
            return nil
        }
        if member.path.hasPrefix("/") {
            add(member.path, "the path is absolute; it is taken relative to the archive")
        }
        return parts.isEmpty ? nil : "/" + parts.joined(separator: "/")
    }
}

import LinuxSystem

/// A recorded machine in memory: files, directories and links by their paths inside its root.
struct Capture: Equatable {
    /// In the order in which they were recorded.
    private(set) var members: [TarMember] = []
    private var places: [String: Int] = [:]

    /// Adds what is at a path; a file replaces the one that was there.
    mutating func add(_ kind: TarMember.Kind, at path: String) {
        if let place = places[path] {
            if case .file = kind { members[place].kind = kind }
            return
        }
        places[path] = members.count
        members.append(TarMember(path: path, kind: kind))
    }

    /// The bytes of a file; nil if it is missing.
    func file(_ path: String) -> [UInt8]? {
        guard let place = places[path], case .file(let bytes) = members[place].kind else { return nil }
        return bytes
    }

    /// The same capture with other contents of its files.
    func changing(_ content: (_ path: String, _ bytes: [UInt8]) -> [UInt8]) -> Capture {
        var capture = self
        for (place, member) in members.enumerated() {
            if case .file(let bytes) = member.kind { capture.members[place].kind = .file(content(member.path, bytes)) }
        }
        return capture
    }

    /// A tar archive with all of it in one directory, named after the file.
    ///
    /// - Parameter compression: nil for a plain tar archive.
    /// - Throws: `CollectError` if it can't be compressed.
    func archive(_ path: String, _ compression: Compression?) throws(CollectError) -> [UInt8] {
        let file = path.parts(at: "/").last ?? "capture"
        let name = file.parts(at: ".").first.map(String.init) ?? "capture"
        var tar = TarWriter()
        tar.add(TarMember(path: name, kind: .directory))
        for member in members { tar.add(TarMember(path: name + member.path, kind: member.kind)) }
        guard let compression else { return tar.bytes }
        do { return try compression.packed(tar.bytes) } catch {
            throw CollectError(code: .notWritten, message: "\(error)")
        }
    }

    /// All of it as bytes, for another process of this tool.
    var packed: [UInt8] {
        var tar = TarWriter()
        for member in members { tar.add(member) }
        return tar.bytes
    }

    /// A capture as `packed` gave it.
    ///
    /// - Throws: `SystemError` if the bytes are not that.
    init(packed bytes: [UInt8]) throws(SystemError) {
        var reader = TarReader(ResumedStream(bytes))
        while let member = try reader.next() {
            var path = member.path
            if path.hasSuffix("/") { path.removeLast() }
            add(member.kind, at: path)
        }
    }

    /// An empty capture.
    init() {}
}

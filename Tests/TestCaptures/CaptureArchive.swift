internal import Foundation

/// The files of an archive in Tests/Captures, in memory: unpacked, the archives are half a million files, most of which no
/// test looks at.
struct CaptureArchive: Sendable {
    /// A file, a directory or a link.
    struct Node: Sendable {
        enum Kind: Sendable { case file, directory, link }
        let kind: Kind
        let mode: UInt16
        /// What a link says.
        let target: String
        /// Where the bytes of a file are.
        let content: Range<Int>
        /// What is in a directory, by name.
        var children: [String: Int] = [:]
    }

    private(set) var nodes = [Node(kind: .directory, mode: 0o755, target: "", content: 0..<0)]
    private var bytes: [UInt8] = []

    /// The number of the directory that everything is in.
    let top = 0

    /// Reads the archive at `path`: `.tgz` or `.txz`.
    init(_ path: String) throws {
        let program = path.hasSuffix(".txz") ? "xz" : "gzip"
        try add(try TestCaptures.output(of: [program, "-dc", path]), path)
    }

    /// The bytes of a file.
    func content(_ node: Node) -> [UInt8] { Array(bytes[node.content]) }

    /// Writes the directory with the number `directory` to `path`, where there is nothing yet.
    func unpack(_ directory: Int, to path: String) throws {
        guard unsafe mkdir(path, 0o700) == 0 else { throw problem("make", path) }
        for (name, number) in nodes[directory].children {
            let node = nodes[number]
            let place = "\(path)/\(name)"
            switch node.kind {
            case .directory: try unpack(number, to: place)
            case .link: guard unsafe symlink(node.target, place) == 0 else { throw problem("make", place) }
            case .file: try write(node, to: place)
            }
        }
        guard unsafe chmod(path, mode_t(nodes[directory].mode)) == 0 else { throw problem("change", path) }
    }

    private func write(_ node: Node, to path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(node.mode))
        guard file >= 0 else { throw problem("make", path) }
        defer { close(file) }
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Foundation.write(
                file,
                $0.baseAddress.map { unsafe $0 + node.content.lowerBound },
                node.content.count
            )
        }
        guard count == node.content.count, fchmod(file, mode_t(node.mode)) == 0 else { throw problem("write", path) }
    }

    private func problem(_ what: String, _ path: String) -> CaptureProblem {
        CaptureProblem(description: "can't \(what) \(path): error \(errno)")
    }
}

// The format is that of tar(5): "ustar", with the long names of POSIX (type x) and of GNU tar (types L and K).
extension CaptureArchive {
    private mutating func add(_ archive: Data, _ path: String) throws {
        let archive = [UInt8](archive)
        var offset = 0
        var long: (name: String?, target: String?) = (nil, nil)
        while offset + 512 <= archive.count, archive[offset] != 0 {
            let header = archive[offset..<offset + 512]
            let size = Self.number(header, 124, 12)
            let start = offset + 512
            guard size >= 0, start + size <= archive.count else {
                throw CaptureProblem(description: "\(path): cut off")
            }
            let content = archive[start..<start + size]
            offset = start + (size + 511) / 512 * 512
            switch UnicodeScalar(header[header.startIndex + 156]) {
            case "x":
                let records = Self.records(content)
                long = (records["path"] ?? long.name, records["linkpath"] ?? long.target)
            case "L": long.name = Self.text(content)
            case "K": long.target = Self.text(content)
            case "0", "\0", "2", "5":
                let prefix = Self.text(header.dropFirst(345).prefix(155))
                let short = Self.text(header.prefix(100))
                // GNU tar keeps times where POSIX has the prefix, and shows that by its mark.
                let isPOSIX = header[header.startIndex + 263] == UInt8(ascii: "0")
                let name = long.name ?? (prefix.isEmpty || !isPOSIX ? short : "\(prefix)/\(short)")
                insert(name, header, content, target: long.target ?? Self.text(header.dropFirst(157).prefix(100)))
                long = (nil, nil)
            default:
                throw CaptureProblem(description: "\(path): an entry that is no file, directory or link")
            }
        }
    }

    private mutating func insert(
        _ name: String,
        _ header: ArraySlice<UInt8>,
        _ content: ArraySlice<UInt8>,
        target: String
    ) {
        let type = header[header.startIndex + 156]
        let kind: Node.Kind = type == UInt8(ascii: "5") ? .directory : type == UInt8(ascii: "2") ? .link : .file
        let mode = UInt16(truncatingIfNeeded: Self.number(header, 100, 8) & 0o7777)
        var parts = name.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.filter { $0 != "." }
        guard let last = parts.popLast() else { return }
        var directory = top
        for part in parts {
            if let next = nodes[directory].children[part] {
                directory = next
            } else {
                nodes[directory].children[part] = nodes.count
                directory = nodes.count
                nodes.append(Node(kind: .directory, mode: 0o755, target: "", content: 0..<0))
            }
        }
        // A directory may come after what is in it.
        if kind == .directory, nodes[directory].children[last] != nil { return }
        nodes[directory].children[last] = nodes.count
        let range = bytes.count..<bytes.count + (kind == .file ? content.count : 0)
        if kind == .file { bytes += content }
        nodes.append(Node(kind: kind, mode: mode, target: kind == .link ? target : "", content: range))
    }

    /// The text before the first NUL.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// An octal number in a header.
    private static func number(_ header: ArraySlice<UInt8>, _ offset: Int, _ length: Int) -> Int {
        header.dropFirst(offset).prefix(length).reduce(0) { number, byte in
            (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) ? number * 8 + Int(byte - UInt8(ascii: "0")) : number
        }
    }

    /// `LENGTH KEY=VALUE`, a line each.
    private static func records(_ bytes: ArraySlice<UInt8>) -> [String: String] {
        var found: [String: String] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let parts = text(line).drop { $0 != " " }.dropFirst().split(separator: "=", maxSplits: 1)
            if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
        }
        return found
    }
}

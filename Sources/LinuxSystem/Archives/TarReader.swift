/// One file, directory or link of a tar archive.
package struct TarMember: Sendable, Equatable {
    /// What it is.
    package enum Kind: Sendable, Equatable {
        case file([UInt8])
        case directory
        /// A symbolic link with what it says.
        case link(String)
        /// Another name of an earlier member, by that member's path.
        case hardLink(String)
        /// What is no file to be read, in words: a device, a FIFO, a file that is too large.
        case other(String)
    }

    /// The path as the archive has it.
    package var path: String
    /// What it is.
    package var kind: Kind

    /// A member with its path.
    package init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// The members of a tar archive, read in one pass from untrusted bytes: POSIX ustar and pax, and what GNU tar writes.
///
/// Nothing is made in any file system.
package struct TarReader {
    private let stream: any ByteStream
    private let isWanted: (String) -> Bool
    private var rest: ArraySlice<UInt8> = []
    private var offset = 0
    private var kept = 0
    private var members = 0

    /// The size of a block; every member begins and ends at a multiple of it.
    package static let blockSize = 512
    /// The largest file that is read, as from a directory.
    private static let fileLimit = 64 << 20
    /// How many bytes the archive may have when it is unpacked, and how many of them may be kept.
    private static let sizeLimit = 4 << 30
    private static let keptLimit = 256 << 20
    private static let memberLimit = 500_000
    /// PATH_MAX, include/uapi/linux/limits.h.
    private static let pathLimit = 4096

    /// The members in `stream`. Files that are not wanted, by their path, are passed over.
    package init(_ stream: any ByteStream, where isWanted: @escaping (String) -> Bool = { _ in true }) {
        self.stream = stream
        self.isWanted = isWanted
    }

    /// Whether a file that begins with `bytes` is a tar archive.
    package static func isArchive(_ bytes: [UInt8]) -> Bool {
        bytes.count >= blockSize && hasChecksum(bytes[..<blockSize]) && bytes[0] != 0
    }

    /// The next member; nil after the last.
    ///
    /// - Throws: `SystemError`; `.unusable` if the archive is damaged, is cut off or has more than is read.
    package mutating func next() throws(SystemError) -> TarMember? {
        var path: String?
        var link: String?
        var size: Int?
        while true {
            let start = offset
            guard let header = try block() else { return nil }
            members += 1
            if members > Self.memberLimit { throw damaged(start, "it has more than \(Self.memberLimit) members") }
            let length = try (size ?? Self.number(header, 124, 12)).orDamaged(start)
            guard length >= 0 else { throw damaged(start, "a size is invalid") }
            switch header[header.startIndex + 156] {
            case UInt8(ascii: "L"): path = Self.text(try content(length, at: start, upTo: Self.pathLimit)[...])
            case UInt8(ascii: "K"): link = Self.text(try content(length, at: start, upTo: Self.pathLimit)[...])
            case UInt8(ascii: "g"): try skip(length)
            case UInt8(ascii: "x"):
                let records = try Self.records(content(length, at: start, upTo: 1 << 20)).orDamaged(start)
                path = records["path"] ?? path
                link = records["linkpath"] ?? link
                if let text = records["size"] { size = try Int(text).orDamaged(start) }
                // The content of a sparse file is a map, then parts of it.
                if records.keys.contains(where: { $0.hasPrefix("GNU.sparse") }) { link = nil }
            case let type:
                let name = path ?? Self.path(header)
                guard name.utf8.count <= Self.pathLimit else { throw damaged(start, "a path is too long") }
                let target = link ?? Self.text(Self.field(header, 157, 100))
                if let kind = try kind(type, target, length, name, start) { return TarMember(path: name, kind: kind) }
                (path, link, size) = (nil, nil, nil)
            }
        }
    }

    /// Nil for a file that is not wanted.
    private mutating func kind(
        _ type: UInt8,
        _ link: String,
        _ length: Int,
        _ path: String,
        _ start: Int
    ) throws(SystemError) -> TarMember.Kind? {
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // Before POSIX a directory was a file whose name ends in a slash.
            if path.hasSuffix("/") {
                try skip(length)
                return .directory
            }
            guard length <= Self.fileLimit else {
                try skip(length)
                return .other("a file of more than \(Self.fileLimit >> 20) MiB")
            }
            guard isWanted(path) else {
                try skip(length)
                return nil
            }
            kept += length
            guard kept <= Self.keptLimit else {
                throw damaged(start, "its files have more than \(Self.keptLimit >> 20) MiB")
            }
            return .file(try content(length, at: start, upTo: Self.fileLimit))
        default:
            try skip(length)
            switch type {
            case UInt8(ascii: "1"): return .hardLink(link)
            case UInt8(ascii: "2"): return .link(link)
            case UInt8(ascii: "3"), UInt8(ascii: "4"): return .other("a device")
            case UInt8(ascii: "5"): return .directory
            case UInt8(ascii: "6"): return .other("a FIFO")
            default: return .other("of an unknown kind")
            }
        }
    }
}

// The parts of an archive.
extension TarReader {
    /// The next header; nil at the end, which is a block of zeroes. Without one, nothing tells that no member is missing.
    private mutating func block() throws(SystemError) -> ArraySlice<UInt8>? {
        let start = offset
        try fill(Self.blockSize)
        guard rest.count >= Self.blockSize else { throw damaged(start, "it is cut off") }
        let header = rest.prefix(Self.blockSize)
        if header.allSatisfy({ $0 == 0 }) { return nil }
        guard Self.hasChecksum(header) else { throw damaged(start, "there is no valid header") }
        take(Self.blockSize)
        return header
    }

    private mutating func content(_ length: Int, at start: Int, upTo limit: Int) throws(SystemError) -> [UInt8] {
        guard length <= limit else { throw damaged(start, "a member is too large") }
        try fill(length)
        guard rest.count >= length else { throw damaged(start, "it is cut off") }
        let bytes = Array(rest.prefix(length))
        take(length)
        try skip(Self.padding(length), isPadding: true)
        return bytes
    }

    private mutating func skip(_ length: Int, isPadding: Bool = false) throws(SystemError) {
        guard length <= Self.sizeLimit else { throw damaged(offset, "a member is too large") }
        var left = isPadding ? length : length + Self.padding(length)
        while left > 0 {
            try fill(1)
            // Some writers leave out the padding of the last member.
            if rest.isEmpty && isPadding { return }
            guard !rest.isEmpty else { throw damaged(offset, "it is cut off") }
            let count = min(left, rest.count)
            take(count)
            left -= count
        }
    }

    private mutating func fill(_ count: Int) throws(SystemError) {
        while rest.count < count {
            let part = try stream.next()
            if part.isEmpty { return }
            guard offset + rest.count + part.count <= Self.sizeLimit else {
                throw SystemError(.unusable, "can't read the archive", cause: "it unpacks to more than 4 GiB")
            }
            if rest.isEmpty { rest = part[...] } else { rest += part }
        }
    }

    private mutating func take(_ count: Int) {
        rest = rest.dropFirst(count)
        offset += count
    }

    private func damaged(_ offset: Int, _ why: String) -> SystemError { .damagedArchive(offset, why) }

    private static func padding(_ length: Int) -> Int { (blockSize - length % blockSize) % blockSize }
}

extension SystemError {
    fileprivate static func damagedArchive(_ offset: Int, _ why: String) -> SystemError {
        SystemError(.unusable, "can't read the archive", cause: "at byte \(offset): \(why)")
    }
}

extension Optional {
    /// The value, or the error that the archive is damaged at `offset`.
    fileprivate func orDamaged(_ offset: Int) throws(SystemError) -> Wrapped {
        guard let self else { throw .damagedArchive(offset, "a header is damaged") }
        return self
    }
}

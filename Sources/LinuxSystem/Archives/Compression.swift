/// How a file is compressed. The system's own programs do the work: each is a filter from a file that is open here to bytes
/// that are read here, so it needs no name and writes nothing.
package enum Compression: String, Sendable, CaseIterable {
    case gzip, xz, zstd, bzip2

    /// How a compressed file begins.
    private var signature: [UInt8] {
        switch self {
        case .gzip: [0x1f, 0x8b]
        case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
        case .zstd: [0x28, 0xb5, 0x2f, 0xfd]
        case .bzip2: [0x42, 0x5a, 0x68]
        }
    }

    /// The compression of a file that begins with `bytes`; nil if it is neither.
    package init?(of bytes: [UInt8]) {
        guard let found = Self.allCases.first(where: { bytes.starts(with: $0.signature) }) else { return nil }
        self = found
    }

    /// The compression that the end of an archive's name asks for: `.tgz` and `.tar.gz`, `.txz` and `.tar.xz`, `.zst`,
    /// `.tbz2` and `.tar.bz2`; nil for others.
    package init?(ofName name: String) {
        func ends(in endings: [String]) -> Bool { endings.contains { name.hasSuffix($0) } }
        if ends(in: [".tgz", ".tar.gz"]) {
            self = .gzip
        } else if ends(in: [".txz", ".tar.xz"]) {
            self = .xz
        } else if ends(in: [".tar.zst", ".tzst"]) {
            self = .zstd
        } else if ends(in: [".tbz2", ".tar.bz2"]) {
            self = .bzip2
        } else {
            return nil
        }
    }

    /// Packed with a dictionary of gigabytes, a small file would ask for as much memory.
    private var unpacking: [String] {
        switch self {
        case .gzip, .bzip2: ["-qdc"]
        case .xz: ["-qqdc", "--memlimit-decompress=512MiB"]
        case .zstd: ["-dcq", "--memory=512MB"]
        }
    }

    private var program: String { "/usr/bin/\(rawValue)" }

    /// How long a file may take to unpack or to pack.
    private static let deadline = Duration.seconds(300)

    /// The bytes in the compressed `file`, which is read from its start.
    ///
    /// - Throws: `SystemError` if the program is not there or can't be started; while the bytes are read, `.unusable` if the
    ///   file is damaged.
    package func unpacked(_ file: borrowing File) throws(SystemError) -> any ByteStream {
        try ProgramOutput(of: [program] + unpacking, input: file, within: Self.deadline)
    }

    /// `bytes`, compressed.
    ///
    /// - Throws: `SystemError` if the program is not there, can't be started or fails.
    package func packed(_ bytes: [UInt8]) throws(SystemError) -> [UInt8] {
        let input = try File(inMemory: "what is to be packed")
        try input.write(bytes)
        // gzip would write the time into its header: the same capture is to be the same file.
        let output = try ProgramOutput(
            of: [program, self == .gzip ? "-nc" : "-c"],
            input: input,
            within: Self.deadline
        )
        var packed: [UInt8] = []
        while true {
            let part = try output.next()
            if part.isEmpty { return packed }
            packed += part
        }
    }
}

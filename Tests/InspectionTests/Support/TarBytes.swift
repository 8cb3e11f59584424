import Foundation
import TestCaptures

/// Tar archives with whatever headers a test wants, written without the tool's own code.
struct TarBytes {
    private(set) var bytes: [UInt8] = []

    /// Adds a member as ustar has it; `size` may be a lie.
    mutating func add(
        _ path: String,
        type: Character = "0",
        _ content: String = "",
        link: String = "",
        size: Int? = nil
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        put(path, at: 0)
        put("0000644\0", at: 100)
        put(octal(size ?? content.utf8.count, 11), at: 124)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(link, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
        bytes += header + Array(content.utf8)
        if content.utf8.count % 512 > 0 { bytes += [UInt8](repeating: 0, count: 512 - content.utf8.count % 512) }
    }

    private func octal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }

    /// Adds the files, directories and links of a directory below `top`.
    mutating func add(directory: String, below top: String) throws {
        let manager = FileManager.default
        for name in (manager.enumerator(atPath: directory)?.allObjects ?? []).compactMap({ $0 as? String }).sorted() {
            let path = "\(directory)/\(name)"
            switch try manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType {
            case .typeSymbolicLink?:
                add("\(top)\(name)", type: "2", link: try manager.destinationOfSymbolicLink(atPath: path))
            case .typeDirectory?: add("\(top)\(name)/", type: "5")
            default:
                let content = try Data(contentsOf: URL(fileURLWithPath: path))
                addBytes("\(top)\(name)", [UInt8](content))
            }
        }
    }

    private mutating func addBytes(_ path: String, _ content: [UInt8]) {
        add(path, size: content.count)
        bytes += content
        if content.count % 512 > 0 { bytes += [UInt8](repeating: 0, count: 512 - content.count % 512) }
    }

    /// The archive as a file, with the two blocks at its end.
    func file(_ name: String = "machine.tar") throws -> String {
        let path = TestCaptures.newDirectory() + "/" + name
        try Data(bytes + [UInt8](repeating: 0, count: 1024)).write(to: URL(fileURLWithPath: path))
        return path
    }
}

/// What a command of the system prints.
@discardableResult
func shell(_ script: String, in directory: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
}

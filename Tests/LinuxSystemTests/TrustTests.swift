import Foundation
import LinuxSystem
import TestCaptures
import Testing

@Suite("What others could have changed")
struct TrustTests {
    @Test("a directory is the same one whatever leads there; what can't be looked at is not judged")
    func directories() throws {
        let folders = (TestCaptures.newDirectory(), TestCaptures.newDirectory())
        try FileManager.default.createSymbolicLink(atPath: "\(folders.0)/same", withDestinationPath: folders.0)
        #expect(!Privilege.isOther(folders.0, than: "\(folders.0)/same"))
        #expect(Privilege.isOther(folders.0, than: folders.1))
        #expect(!Privilege.isOther(folders.0, than: "\(folders.0)/none"))
    }

    /// What is wrong with the file at `path`, opened now.
    private func problem(_ path: String, _ meanwhile: () throws -> Void = {}) throws -> String? {
        let file = try File(path, O_RDONLY | O_NONBLOCK, follows: true)
        try meanwhile()
        return FileTrust.problem(with: file, trusting: geteuid())
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// A file `p.toml` in a new directory, both as they should be.
    private func trustedFile() throws -> (folder: String, file: String) {
        let folder = URL(fileURLWithPath: TestCaptures.newDirectory()).resolvingSymlinksInPath().path
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/p.toml"))
        try setMode(0o755, folder)
        try setMode(0o644, "\(folder)/p.toml")
        return (folder, "\(folder)/p.toml")
    }

    @Test("a file that others can write, or in a directory that they can, is not trusted; the fix is named")
    func trust() throws {
        let (folder, file) = try trustedFile()
        #expect(try problem(file) == nil)
        try setMode(0o664, file)
        #expect(try problem(file)?.contains("chmod go-w \(file)") == true)
        try setMode(0o644, file)
        try setMode(0o777, folder)
        #expect(
            try problem(file)?.hasPrefix(
                "\(folder) is writable by users who are not root. Fix: check the file, copy it"
            )
                == true
        )
        try setMode(0o1777, folder)
        #expect(try problem(file) == nil)
    }

    @Test("a link over a directory that others can write is not trusted, however many links lead there")
    func links() throws {
        let (_, file) = try trustedFile()
        let (start, _) = try trustedFile()
        let (middle, _) = try trustedFile()
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(middle)/second", withDestinationPath: file)
        try manager.createSymbolicLink(
            atPath: "\(start)/first",
            withDestinationPath: "../\(URL(fileURLWithPath: middle).lastPathComponent)/./second"
        )
        #expect(try problem("\(start)/first") == nil)
        try setMode(0o777, middle)
        #expect(try problem("\(start)/first")?.hasPrefix("\(middle) is writable by users") == true)
    }

    @Test("only what is read is trusted: no pipe, nothing that was removed or replaced after it was opened")
    func opened() throws {
        let (folder, file) = try trustedFile()
        #expect(unsafe mkfifo("\(folder)/pipe", 0o600) == 0)
        #expect(try problem("\(folder)/pipe")?.contains("not a regular file") == true)
        #expect(try problem(folder)?.contains("not a regular file") == true)
        #expect(try problem(file) { try FileManager.default.removeItem(atPath: file) } != nil)
        let (_, second) = try trustedFile()
        #expect(try problem(second) { try Data().write(to: URL(fileURLWithPath: second), options: .atomic) } != nil)
    }
}

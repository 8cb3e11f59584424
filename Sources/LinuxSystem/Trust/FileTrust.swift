internal import Glibc

/// Whether users who are not root could have written a file that root acts on.
package enum FileTrust {
    /// How many links a path may lead over (path_resolution(7)).
    private static let linkLimit = 40

    /// Why `file`, which was opened at its path, is not to be trusted by `user`, with what to do; nil if it is.
    ///
    /// The advice never changes the owner or the mode of a directory: it may be somebody's home, or shared on purpose.
    ///
    /// Looks at every directory and link on the way, also at those that links lead over, and at the file in the end, which
    /// must be the one that is open: where nobody else can write to any of them, nobody can have put another there. In a
    /// directory with the sticky bit others can't replace what is not theirs.
    ///
    /// - Parameter kind: What it must be: a directory, if something is to be made in it.
    package static func problem(
        with file: borrowing File,
        being kind: FileStatus.Kind = .regular,
        trusting user: UInt32
    ) -> String? {
        let path = file.path
        let opened: FileStatus
        do { opened = try file.status() } catch { return "\(path): \(error.cause ?? error.message)" }
        guard opened.kind == kind else { return "\(path) is not a regular file. Use a copy of it" }
        guard let start = path.hasPrefix("/") ? "" : currentDirectory else {
            return "the current directory is not known. Give an absolute path"
        }
        var rest = components("\(start)/\(path)")[...]
        var way: [Substring] = []
        var links = 0
        if let problem = problem(at: "/", user) { return problem }
        while let part = rest.popFirst() {
            if part == ".." {
                _ = way.popLast()
                continue
            }
            let place = "/" + (way + [part]).joined(separator: "/")
            if let problem = problem(at: place, user) { return problem }
            guard let target = File.linkTarget(place) else {
                way.append(part)
                continue
            }
            links += 1
            if links > linkLimit { return "\(path) has more than \(linkLimit) links" }
            if target.hasPrefix("/") { way = [] }
            rest = components(target) + rest
        }
        guard let found = try? FileStatus("/" + way.joined(separator: "/"), follows: false),
            found.isSameFile(as: opened)
        else { return "\(path) was replaced while it was opened. Try again" }
        return nil
    }

    private static func components(_ path: String) -> [Substring] { path.parts(at: "/").filter { $0 != "." } }

    private static var currentDirectory: String? {
        guard let name = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(name) }
        let text = unsafe String(cString: name)
        // getcwd(3): "(unreachable)" where it is outside of the root.
        return text.hasPrefix("/") ? text : nil
    }

    private static let advice =
        "check the file, copy it to a directory that only root can write, such as /etc/daxswitch/policies, and use the copy"

    private static func problem(at place: String, _ user: UInt32) -> String? {
        let status: FileStatus
        do { status = try FileStatus(place, follows: false) } catch {
            return "\(place): \(error.cause ?? error.message)"
        }
        guard status.user == 0 || status.user == user else {
            return "\(place) belongs to user \(status.user). Fix: \(advice)"
        }
        let isGuarded = status.kind == .link || status.kind == .directory && status.permissions & S_ISVTX != 0
        guard !isGuarded, status.othersCanWrite else { return nil }
        let mending =
            switch place {
            case _ where status.kind == .regular: "read it, then run chmod go-w \(place)"
            // Where the advice is to copy to.
            case "/etc/daxswitch", "/etc/daxswitch/policies": "read its files, then run chmod go-w \(place)"
            default: advice
            }
        return "\(place) is writable by users who are not root. Fix: \(mending)"
    }
}

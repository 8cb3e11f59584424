import Glibc

/// Whether others than root could have written a file that root acts on.
enum FileTrust {
    /// How many links a path may lead over (path_resolution(7)).
    private static let linkLimit = 40

    /// Why the file that is open as `descriptor` and was found at `path` is not to be trusted by `user`, with the command
    /// that mends it where there is one; nil where it is.
    ///
    /// Looks at every directory and link on the way, also at those that links lead over, and at the file in the end, which
    /// must be the one that is open: where nobody else can write to any of them, nobody can have put another there. In a
    /// directory with the sticky bit others can't replace what is not theirs.
    static func problem(_ descriptor: Int32, at path: String, trusting user: uid_t) -> String? {
        var opened = stat()
        guard unsafe fstat(descriptor, &opened) == 0 else { return "\(path): \(errorText(errno))" }
        guard opened.st_mode & S_IFMT == S_IFREG else { return "\(path) is no regular file: use a copy of it" }
        guard let start = path.hasPrefix("/") ? "" : currentDirectory else {
            return "the current directory can't be told: give the whole path"
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
            guard let target = FileText.linkTarget(place) else {
                way.append(part)
                continue
            }
            links += 1
            if links > linkLimit { return "\(path) leads over more than \(linkLimit) links" }
            if target.hasPrefix("/") { way = [] }
            rest = components(target) + rest
        }
        var found = stat()
        guard unsafe lstat("/" + way.joined(separator: "/"), &found) == 0, found.st_dev == opened.st_dev,
            found.st_ino == opened.st_ino
        else { return "\(path) was replaced while it was opened: try again" }
        return nil
    }

    private static func components(_ path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "." } }

    private static var currentDirectory: String? {
        guard let name = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(name) }
        let text = unsafe String(cString: name)
        // getcwd(3): "(unreachable)" where it is outside of the root.
        return text.hasPrefix("/") ? text : nil
    }

    private static func problem(at place: String, _ user: uid_t) -> String? {
        var status = stat()
        guard unsafe lstat(place, &status) == 0 else { return "\(place): \(errorText(errno))" }
        guard status.st_uid == 0 || status.st_uid == user else {
            return "\(place) belongs to user \(status.st_uid): chown root \(place)"
        }
        let kind = status.st_mode & S_IFMT
        let isGuarded = kind == S_IFLNK || kind == S_IFDIR && status.st_mode & S_ISVTX != 0
        guard !isGuarded, status.st_mode & (S_IWGRP | S_IWOTH) != 0 else { return nil }
        return "\(place) can be written by others than root: chmod go-w \(place)"
    }
}

import Glibc
import Policy

/// Whether others than root could have written a file that root acts on.
enum FileTrust {
    /// Why `path` is not to be trusted by `user`, with the command that mends it; nil where it is.
    ///
    /// Looks at the file, at every directory above it, and at the links that lead there. In a directory with the sticky
    /// bit others can't replace what is not theirs.
    static func problem(_ path: String, trusting user: uid_t) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        let places = chain(to: path.hasPrefix("/") ? path : "./\(path)") + chain(to: unsafe String(cString: real))
        return places.lazy.compactMap { problem(at: $0, user) }.first
    }

    /// The path and everything above it, from the top.
    private static func chain(to path: String) -> [String] {
        var places = [path.hasPrefix("/") ? "/" : "."]
        var place = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") where part != "." {
            place += "/\(part)"
            places.append(place)
        }
        return places
    }

    private static func problem(at place: String, _ user: uid_t) -> String? {
        var status = stat()
        guard unsafe lstat(place, &status) == 0 else { return nil }
        guard status.st_uid == 0 || status.st_uid == user else {
            return "\(place) belongs to user \(status.st_uid): chown root \(place)"
        }
        let kind = status.st_mode & S_IFMT
        let isGuarded = kind == S_IFLNK || kind == S_IFDIR && status.st_mode & S_ISVTX != 0
        guard !isGuarded, status.st_mode & (S_IWGRP | S_IWOTH) != 0 else { return nil }
        return "\(place) can be written by others than root: chmod go-w \(place)"
    }
}

extension PolicyOrPlan {
    /// - Throws: `Failure` where root is to act on a file that others than root can write.
    func checkTrust(as user: uid_t = geteuid()) throws(Failure) {
        guard user == 0, let file, let problem = FileTrust.problem(file, trusting: user) else { return }
        throw Failure(.notPermitted, code: "not-trusted", "\(file) is not acted on as root: \(problem)")
    }

    /// The file it was read from; nil for a policy that is built in.
    private var file: String? {
        switch self {
        case .policy(let entry): entry.source.contains("/") || entry.source.hasSuffix(".toml") ? entry.source : nil
        case .plan(_, let file): file
        }
    }
}

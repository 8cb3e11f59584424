internal import Glibc

/// Paths resolved inside a root directory, as `chroot` would: a link can't lead out of it.
///
/// The kernel's own resolution would follow an absolute link of a capture into the machine that reads it.
struct RootedPath {
    /// The root directory; empty for `/`.
    let root: String

    /// As many links as the kernel follows in one path (MAXSYMLINKS, include/linux/namei.h).
    private static let linkLimit = 40

    /// The path with all links resolved, absolute inside the root; nil where nothing is there.
    func resolve(_ path: String) -> String? {
        var done: [Substring] = []
        var rest: [Substring] = path.split(separator: "/").reversed()
        var links = 0
        while let part = rest.popLast() {
            switch part {
            case ".": continue
            case "..":
                _ = done.popLast()
                continue
            default: break
            }
            let here = "/" + (done + [part]).joined(separator: "/")
            var status = stat()
            guard unsafe lstat(root + here, &status) == 0 else { return nil }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                done.append(part)
                continue
            }
            links += 1
            guard links <= Self.linkLimit, let target = Self.readLink(root + here) else { return nil }
            if target.hasPrefix("/") { done = [] }
            for part in target.split(separator: "/").reversed() { rest.append(part) }
        }
        return "/" + done.joined(separator: "/")
    }

    /// What the link at `path` (outside view) says; nil where there is no link.
    static func readLink(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let target = bytes.baseAddress else { return 0 }
            return unsafe readlink(path, target.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}

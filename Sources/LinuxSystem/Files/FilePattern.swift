internal import Glibc

/// A pattern of paths, as a shell has it: `captures/*`.
package struct FilePattern {
    private let text: String

    /// A pattern; nil if `text` has no `*`, `?` or `[`, or if it names a file as it is.
    package init?(_ text: String) {
        guard text.utf8.contains(where: { "*?[".utf8.contains($0) }), !File.exists(text) else { return nil }
        self.text = text
    }

    /// The paths that match, in the order of their bytes; a hidden file only if the pattern has the dot.
    ///
    /// - Throws: `SystemError` with the errno if a directory can't be read; `.notFound` if nothing matches.
    package func paths() throws(SystemError) -> [String] {
        var found = unsafe glob_t()
        errno = 0
        let result = unsafe glob(text, GLOB_ERR, nil, &found)
        defer { unsafe globfree(&found) }
        guard result == 0 else {
            if result == GLOB_NOMATCH { throw SystemError(.notFound, "\(text): no path matches") }
            throw .failing("list \(text)")
        }
        return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
            unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
        }
    }
}

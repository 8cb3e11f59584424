internal import Glibc

/// The libkmod that this process runs with.
package enum LibraryVersion {
    /// The version in the name of the library's file, such as `2.5.1` of `libkmod.so.2.5.1`; nil where `/proc` does not
    /// tell. libkmod.h has no call that says it.
    package static var loaded: String? {
        guard let file = path(inMaps: "/proc/self/maps"), let resolved = unsafe realpath(file, nil) else { return nil }
        defer { unsafe free(resolved) }
        return version(inPath: unsafe String(cString: resolved))
    }

    /// What stands behind `libkmod.so.` in a path; nil where it is another file.
    static func version(inPath path: String) -> String? {
        let name = path.split(separator: "/").last ?? ""
        let prefix = "libkmod.so."
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }

    private static func path(inMaps maps: String) -> String? {
        guard let stream = unsafe fopen(maps, "re") else { return nil }
        defer { unsafe fclose(stream) }
        var buffer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { unsafe free(buffer) }
        while unsafe getline(&buffer, &capacity, stream) > 0, let bytes = unsafe buffer {
            let fields = unsafe String(cString: bytes).split(whereSeparator: \.isWhitespace)
            if fields.count == 6, version(inPath: String(fields[5])) != nil { return String(fields[5]) }
        }
        return nil
    }
}

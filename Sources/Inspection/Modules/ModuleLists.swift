internal import Glibc
internal import LinuxSystem
internal import Machine
internal import Synchronization

/// What depmod's lists in `/lib/modules/RELEASE` say of `ModuleTable.relevant`.
///
/// A host's lists have thousands of lines, and a run reads them with each reading of the machine: what was made of a list
/// counts for as long as its bytes stay the same.
enum ModuleLists {
    private static let builtinLists = LastList<Set<String>>()
    private static let dependencyLists = LastList<Dependencies>()
    private static let softDependencyLists = LastList<[String: [String]]>()

    /// What `modules.dep` says.
    struct Dependencies {
        /// What each module needs, nearest first, by name.
        var needs: [String: [String]] = [:]
        /// The path of the file of dax_hmem, below the directory of the list.
        var hmemFile: String?
    }

    /// The modules in `modules.builtin`, lines `PATH`.
    static func builtin(_ list: [UInt8]) -> Set<String> {
        builtinLists.value(of: list) { list in
            var names: Set<String> = []
            list.forEachLine { line in
                if let name = relevant(list[line]) { names.insert(name) }
            }
            return names
        }
    }

    /// The modules in `modules.dep`, lines `PATH: PATH PATH…`.
    static func dependencies(_ list: [UInt8]) -> Dependencies {
        dependencyLists.value(of: list) { list in
            var found = Dependencies()
            list.forEachLine { line in
                let line = list[line]
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
                let path = line[..<colon]
                guard let name = relevant(path) else { return }
                found.needs[name] = String(decoding: line[(colon + 1)...], as: UTF8.self).fields().map { Self.name($0) }
                if name == "dax_hmem", found.hmemFile == nil { found.hmemFile = String(decoding: path, as: UTF8.self) }
            }
            return found
        }
    }

    /// The names behind `pre:` in the lines of `modules.softdep`.
    static func softDependencies(_ list: [UInt8]) -> [String: [String]] {
        softDependencyLists.value(of: list) { list in
            var result: [String: [String]] = [:]
            for line in String(decoding: list, as: UTF8.self).lines {
                guard let soft = SoftDependencies(line.fields().map(String.init)), !soft.before.isEmpty else {
                    continue
                }
                result[soft.module, default: []] += soft.before
            }
            return result
        }
    }

    /// The name of the module in a path of depmod's, which keeps the dashes of file names: `kernel/drivers/dax/dax_cxl.ko.xz`
    /// is `dax_cxl`.
    static func name(_ path: Substring) -> String {
        underscored(String(decoding: fileName(Array(path.utf8)[...]), as: UTF8.self))
    }

    /// The same, if it is one of `ModuleTable.relevant`.
    private static func relevant(_ path: ArraySlice<UInt8>) -> String? {
        let file = fileName(path)
        return ModuleTable.relevant.first { name in
            name.utf8.count == file.count && zip(name.utf8, file).allSatisfy { $0 == kernelSpelling(of: $1) }
        }
    }

    /// What stands behind the last slash, up to the first dot.
    private static func fileName(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? path.startIndex
        return path[start...].prefix { $0 != UInt8(ascii: ".") }
    }

    private static func kernelSpelling(of byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte
    }
}

extension [UInt8] {
    /// Calls `body` with the place of each line, without its end.
    fileprivate func forEachLine(_ body: (Range<Int>) -> Void) {
        var start = 0
        while start < count {
            // The lists have megabytes: the C library looks at many bytes at once.
            let end = unsafe withUnsafeBytes { bytes in
                guard let origin = bytes.baseAddress,
                    let hit = unsafe memchr(origin + start, Int32(UInt8(ascii: "\n")), count - start)
                else { return count }
                return unsafe origin.distance(to: UnsafeRawPointer(hit))
            }
            body(start..<end)
            start = end + 1
        }
    }
}

/// What was made of a list, for as long as its bytes stay the same.
private final class LastList<Value: Sendable>: Sendable {
    private let last = Mutex<(list: [UInt8], value: Value)?>(nil)

    /// What `parse` makes of `list`.
    func value(of list: [UInt8], _ parse: ([UInt8]) -> Value) -> Value {
        if let last = last.withLock({ $0 }), last.list == list { return last.value }
        let value = parse(list)
        last.withLock { $0 = (list, value) }
        return value
    }
}

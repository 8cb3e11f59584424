/// The files in directories of which each hides the names that it has in those behind it (modprobe.d(5), udev(7)).
///
/// What can't be listed counts for nothing.
struct ConfigurationFiles {
    /// The names in each directory, in the order in which the directories count.
    private let names: [(directory: String, names: [String])]

    /// The names that end in `suffix`; a directory that is a link to one before it has nothing to add.
    init(_ tree: any FileTree, in directories: [String], suffix: String) {
        var seen: Set<String> = []
        names = directories.filter { seen.insert(tree.realPath($0) ?? $0).inserted }.map { directory in
            (directory, (((try? tree.list(directory)) ?? nil) ?? []).filter { $0.hasSuffix(suffix) })
        }
    }

    /// The paths that count, by directory and name; `isPresent` leaves out directories.
    func paths(where isPresent: (String) -> Bool = { _ in true }) -> [String] {
        var seen: Set<String> = []
        return names.filter { isPresent($0.directory) }.flatMap { directory, names in
            names.filter { seen.insert($0).inserted }.map { "\(directory)/\($0)" }
        }
    }
}

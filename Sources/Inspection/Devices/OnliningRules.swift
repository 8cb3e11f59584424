/// The udev rules that put memory online by themselves.
package struct OnliningRules {
    private let tree: any FileTree

    /// The rules of a machine.
    package init(tree: any FileTree) { self.tree = tree }

    /// In the order in which a name in one hides the same name in the next (udev(7)).
    private static let directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map { "\($0)/udev/rules.d" }

    /// The files that have such a rule, by path. Conditions that other lines set are not followed.
    package func files() -> [String] {
        var seen: Set<String> = []
        var found: [String] = []
        for directory in Self.directories {
            for name in names(directory) where name.hasSuffix(".rules") && seen.insert(name).inserted {
                if text("\(directory)/\(name)").split(separator: "\n").contains(where: Self.onlinesMemory) {
                    found.append("\(directory)/\(name)")
                }
            }
        }
        return found
    }

    /// Whether a line of a rules file matches memory blocks and writes `online…` into their `state`.
    package static func onlinesMemory(_ line: some StringProtocol) -> Bool {
        let line = String(line.filter { !$0.isWhitespace })
        return !line.hasPrefix("#") && line.contains("SUBSYSTEM==\"memory\"") && line.contains("ATTR{state}=\"online")
    }

    private func names(_ path: String) -> [String] {
        do { return try tree.list(path) ?? [] } catch { return [] }
    }

    private func text(_ path: String) -> String {
        do { return try tree.text(path) ?? "" } catch { return "" }
    }
}

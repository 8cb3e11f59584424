/// Carries a `BootPlan` out on a system: all of it, or nothing.
public struct Persisting<System: BootSystem> {
    private let system: System

    /// On `system`.
    public init(on system: System) { self.system = system }

    /// Writes and removes, then has `builder` make the initramfs anew where one is given.
    ///
    /// - Throws: what the system throws, after the files are as before.
    public func carryOut(_ plan: BootPlan, rebuildingBy builder: InitramfsBuilder?) throws {
        let before = try system.present()
        var touched: [String] = []
        do {
            for change in plan.changes where change.action != .keep {
                touched.append(change.path)
                if let text = change.text {
                    try system.write(text, to: change.path)
                } else {
                    try system.remove(change.path)
                }
            }
            if let builder { try system.rebuild(builder) }
        } catch {
            for path in touched { restore(before[path], at: path) }
            throw error
        }
    }

    /// As good as it goes: the error that led here is what is told.
    private func restore(_ text: String?, at path: String) {
        if let text { try? system.write(text, to: path) } else { try? system.remove(path) }
    }
}

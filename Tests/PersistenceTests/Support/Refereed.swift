import Foundation
import Referee
import Testing

@testable import Persistence

/// Carrying a choice out with a referee behind it. In these tests it has the tool's name, so no test passes by the
/// referee: what it says is held against the files of the system.
struct Persisting {
    private let tool: Persistence.Persisting
    private let system: BootSystem

    init(on system: BootSystem, interruption: @escaping () -> String? = { nil }) {
        self.system = system
        tool = Persistence.Persisting(on: system, interruption: interruption)
    }

    /// What `persist` writes, for modprobe and for dracut.
    private static let files = [
        "/etc/modprobe.d/01-daxswitch.conf", "/etc/dracut.conf.d/01-daxswitch.conf",
        "/etc/default/grub.d/99-daxswitch.cfg", "/etc/kernel/cmdline",
    ]
    private static let journal = "/var/lib/daxswitch/persist.json"
    /// Errors that say that everything, or all files, are as before.
    private static let asBefore: [PersistenceError.Code] = [
        .interrupted, .notRebuilt, .halfRebuilt, .unfinished, .bootLoader,
    ]

    private var texts: [String: String] {
        let record = KernelRecord(root: system.root)
        let present = Self.files.filter(record.exists)
        return Dictionary(uniqueKeysWithValues: present.map { ($0, record.text($0)) })
    }

    private var hasJournal: Bool { KernelRecord(root: system.root).exists(Self.journal) }

    func carryOut(_ plan: BootPlan, rebuildingBy builder: InitramfsBuilder?, changing loader: BootLoaderChange? = nil)
        throws
    {
        let (before, isFirst) = (texts, !hasJournal)
        do {
            try tool.carryOut(plan, rebuildingBy: builder, changing: loader)
        } catch let error as PersistenceError {
            if isFirst && Self.asBefore.contains(error.code) && texts != before {
                Issue.record("the referee: \(error.code), but the files are not as before")
            }
            throw error
        }
        for change in plan.changes where texts[change.path] != change.text {
            Issue.record("the referee: done, but \(change.path) is not as planned")
        }
        if hasJournal { Issue.record("the referee: done, but the journal is there") }
    }

    func recover() throws -> [String]? {
        let journal = KernelRecord(root: system.root).text(Self.journal)
        let restored = try tool.recover()
        guard restored != nil else {
            if !journal.isEmpty { Issue.record("the referee: nothing to recover, but a journal was there") }
            return nil
        }
        let document = try JSONSerialization.jsonObject(with: Data(journal.utf8)) as? [String: Any]
        let wanted = document?["files"] as? [String: String] ?? [:]
        if texts.filter({ $0.key != "/etc/kernel/cmdline" }) != wanted {
            Issue.record("the referee: put back, but the files are \(texts), and were \(wanted)")
        }
        if hasJournal { Issue.record("the referee: put back, but the journal is there") }
        return restored
    }
}

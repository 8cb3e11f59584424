import Foundation
import Machine
import Ownership
import Persistence
import Testing

@testable import daxswitch

@Suite("The glossary has every word that is printed")
struct GlossaryTests {
    /// The words of the enumerations that are printed and are not in the glossary by their type.
    static let printed: [String] =
        ApplyReport.Outcome.allCases.map(\.rawValue) + RecoverReport.Outcome.allCases.map(\.rawValue)
        + RecoverReport.Journal.allCases.map(\.rawValue) + ConfirmReport.Outcome.allCases.map(\.rawValue)
        + PersistReport.Outcome.allCases.map(\.rawValue) + FleetResult.allCases.map(\.rawValue)
        + UnfinishedWork.State.allCases.map(\.rawValue) + BootPlan.Action.allCases.map(\.rawValue)
        + Hazard.Severity.allCases.map(\.rawValue) + ExitStatus.allCases.map { "\($0.rawValue)" }
        + [
            "committed", "not committed", "locked", "not locked", "assembled", "not assembled", "live", "fixed",
            "through",
        ]
        + ["window", "region", "Soft Reserved range", "hold", "initial probe", "held", "half held", "blocks online"]
        + [
            "kmem", "dax_hmem", "dax_cxl", "cxl_acpi", "online", "offline", "zone", "policy", "plan", "range", "run",
            "capture",
            "severity", "certain", "digest", "use", "owner", "device", "load", "unbind-hmem", "bind-region",
            "split-device",
        ]

    @Test("a word of an enumeration, and what is said of windows and regions", arguments: printed)
    func known(word: String) {
        #expect(!Explanation(of: word).isEmpty)
    }

    @Test("the words of enumerations with meanings: each is found, with its own meaning")
    func explained() {
        func check<Words: Explained>(_ words: Words.Type) {
            for word in words.allCases {
                #expect(Glossary.terms(for: word.rawValue).contains { $0.meaning == word.meaning }, "\(word.rawValue)")
            }
        }
        check(Owner.self)
        check(MemoryState.self)
        check(RangeMemory.self)
        check(MemoryUse.OnlineZone.self)
        check(Generation.self)
        check(InitialProbe.self)
        check(DaxCxlMode.self)
        check(ModuleStanding.self)
        check(Policy.Want.Place.self)
        check(Plan.Verdict.self)
        check(Health.self)
        check(Finding.Severity.self)
        check(Difference.Kind.self)
        check(BootChoice.self)
    }

    @Test("each exit code has a meaning, and no other number has")
    func exitCodes() {
        let words = Glossary.terms.filter { $0.group == .exitCodes }.map(\.word)
        #expect(words == ExitStatus.allCases.map { "\($0.rawValue)" })
    }

    @Test(
        "either case of letters, with - or _ or a blank, a step as an order has it, and a whole group",
        arguments: [
            ("COORDINATED", "coordinated"), ("soft-reserved-range", "Soft Reserved range"),
            ("offline memory", "offline_memory"), ("load:cxl_acpi", "load:MODULE"),
            ("unbind-hmem:0x100000000-0x1ffffffff", "unbind-hmem:START-END"), ("exit-codes", "77"), ("Owners", "both"),
            ("soft reserved", "Soft Reserved range"), ("unload", "unload:MODULE"), ("recording", "capture"),
        ]
    )
    func spelling(asked: String, word: String) {
        #expect(Glossary.terms(for: asked).contains { $0.word == word })
    }

    @Test("a meaning is one to three sentences, and no two words of a group are the same")
    func form() {
        var seen: Set<String> = []
        for term in Glossary.terms {
            #expect(seen.insert("\(term.group.rawValue) \(Glossary.folded(term.word))").inserted, "\(term.word)")
            let sentences = term.meaning.components(separatedBy: ". ").count
            #expect(term.meaning.hasSuffix(".") && (1...3).contains(sentences), "\(term.word): \(term.meaning)")
        }
    }

    @Test("the list has a line for each word, no longer than the terminal is wide", arguments: [40, 80, 200])
    func list(width: Int) {
        let lines = explainList(style: Style(hasColour: false, width: width)).map(\.text)
        #expect(lines.allSatisfy { $0.count <= max(width, 64) })
        for word in Explanation.words
        where Term.Group(rawValue: word) == nil && Explanation.Group(rawValue: word) == nil {
            #expect(lines.contains { $0.hasPrefix("  \(word) ") }, "\(word)")
        }
    }

    @Test("an unknown word: 64, and the nearest one is named")
    func unknown() throws {
        let ended = try Tool.run(["explain", "comitted"])
        #expect(ended.status == 64 && ended.complaint.contains("Did you mean committed?"))
        #expect(try Tool.run(["explain", "initial", "probe"]).status == 0)
    }
}

import Foundation
import Testing

@testable import Kmod

@Suite(.enabled(if: Fixture.depmod != nil, "depmod is not installed"))
struct IndexTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    static let names = [
        "modules.dep.bin", "modules.alias.bin", "modules.symbols.bin", "modules.builtin.bin",
    ]

    @Test(arguments: names)
    func refusesAnIndexCutShort(_ name: String) throws {
        let path = "\(fixture.modules)/\(name)"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(whole.count > 12)
        for length in (0..<whole.count).reversed() {
            try #require(unsafe truncate(path, length) == 0)
            let error = KmodError.thrown { try fixture.context().hasIndex }
            #expect(error?.code == .corruptIndex(path), "cut to \(length) of \(whole.count) bytes")
        }
        try whole.write(to: URL(fileURLWithPath: path))
        #expect(KmodError.thrown { try fixture.context().hasIndex } == nil)
    }

    /// What passes the check must be safe to give to libkmod.
    @Test(arguments: names)
    func libkmodSurvivesWhatPasses(_ name: String) throws {
        let path = "\(fixture.modules)/\(name)"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        func set(_ value: UInt8, at position: Int) throws {
            try file.seek(toOffset: UInt64(position))
            try file.write(contentsOf: Data([value]))
        }
        for position in whole.indices {
            defer { #expect(throws: Never.self) { try set(whole[position], at: position) } }
            for value: UInt8 in [0x00, 0x7f, 0xff] where value != whole[position] {
                try set(value, at: position)
                guard let context = try? fixture.context() else { continue }
                _ = try? context.names(of: "fixture_acpi")
                _ = try? context.names(of: "acpi:FIXT0017:")
                _ = try? context.dependencies(of: "fixture_acpi")
            }
        }
    }

    @Test func refusesOtherFiles() throws {
        for bytes in [[], [0], Array("#!/bin/sh and some more text".utf8), [UInt8](repeating: 0, count: 64)] {
            try fixture.write(Data(bytes), to: "lib/modules/\(Fixture.release)/modules.dep.bin")
            let error = KmodError.thrown { try fixture.context().hasIndex }
            #expect(error?.code == .corruptIndex("\(fixture.modules)/modules.dep.bin"))
        }
    }

    /// A node that is its own child.
    @Test func refusesACircle() throws {
        let bytes: [UInt8] = [0xB0, 0x07, 0xF4, 0x57, 0, 2, 0, 1, 0x20, 0, 0, 12, 0x61, 0x61, 0x20, 0, 0, 12]
        try fixture.write(Data(bytes), to: "lib/modules/\(Fixture.release)/modules.dep.bin")
        #expect(throws: KmodError.self) { try fixture.context().hasIndex }
    }

    @Test(arguments: names.dropFirst())
    func worksWithoutTheOtherIndexes(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(fixture.modules)/\(name)")
        let context = try fixture.context()
        let hasIndex = context.hasIndex
        #expect(hasIndex)
        #expect(try context.dependencies(of: "fixture_acpi").count == 2)
        #expect(try context.names(of: "fixture_acpi").count == 1)
        #expect(throws: KmodError.self) { try context.names(of: "nosuch") }
    }
}

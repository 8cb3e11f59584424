import Foundation
import Testing

@testable import Kmod

/// A root directory of its own, gone with the object: modules that depmod has indexed, and configuration.
final class Fixture {
    static let release = "6.99.0-fixture"
    static let depmod = ["/usr/sbin/depmod", "/sbin/depmod"].first { FileManager.default.isExecutableFile(atPath: $0) }

    let root: String
    var modules: String { "\(root)/lib/modules/\(Self.release)" }
    var configuration: String { "\(root)/etc/modprobe.d" }

    /// The names are such as no kernel has, so nothing on the machine that runs the tests gets into them.
    static let standard = [
        FixtureModule(name: "fixture_core", exports: ["fixture_bus": 0x1234_5678], needs: ["printk": 7]),
        FixtureModule(name: "fixture_port", exports: ["fixture_ports": 2], needs: ["fixture_bus": 0x1234_5678]),
        FixtureModule(
            name: "fixture_acpi",
            needs: ["fixture_ports": 2],
            information: [("alias", "acpi*:FIXT0017:*"), ("softdep", "pre: fixture_extra")]
        ),
        FixtureModule(name: "fixture_extra"),
        FixtureModule(
            name: "fixture_hmem",
            information: [("alias", "platform:fixture*"), ("softdep", "pre: fixture_acpi")]
        ),
    ]

    init(_ files: [FixtureModule] = standard, builtin: [String] = ["fixture_builtin"]) throws {
        root = NSTemporaryDirectory() + "kmodtests-" + UUID().uuidString
        for file in files {
            try write(Data(file.elf), to: "lib/modules/\(Self.release)/kernel/\(file.name).ko")
        }
        try write("", to: "etc/modprobe.d/.keep")
        try write("", to: "lib/modules/\(Self.release)/modules.order")
        try write(
            builtin.map { "kernel/\($0).ko\n" }.joined(),
            to: "lib/modules/\(Self.release)/modules.builtin"
        )
        try index()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    private func index() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.depmod))
        process.arguments = ["-b", root, Self.release]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    func write(_ text: String, to path: String) throws {
        try write(Data(text.utf8), to: path)
    }

    func write(_ data: Data, to path: String) throws {
        let url = URL(fileURLWithPath: "\(root)/\(path)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    /// The fixture's modules and configuration: nothing of it is loaded on this machine.
    func context() throws -> KmodContext {
        try KmodContext(modulesDirectory: modules, configurationPaths: [configuration])
    }
}

extension KmodContext {
    /// The modules behind a name or an alias.
    func names(of nameOrAlias: String) throws(KmodError) -> [String] { try lookup(nameOrAlias).names }

    /// The file of a module.
    func path(of name: String) throws(KmodError) -> String? { try existing(name).path }

    /// The options of a module.
    func options(of name: String) throws(KmodError) -> String? { try existing(name).options }

    /// What a module can't do without.
    func dependencies(of name: String) throws(KmodError) -> [String] { try existing(name).dependencies.names }

    /// What this machine has of a module, which may not exist.
    func state(of name: String) throws(KmodError) -> ModuleState { try handle.module(ModuleName(name)).state() }
}

extension KmodError {
    /// The error that `body` throws, for a look at more than its kind.
    static func thrown<Value>(by body: () throws -> Value) -> KmodError? {
        do { _ = try body() } catch { return error as? KmodError }
        return nil
    }
}

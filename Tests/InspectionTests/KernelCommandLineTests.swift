import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

/// The kernel command line, as lib/cmdline.c and kernel/params.c read it.
@Suite("The kernel command line")
struct KernelCommandLineTests {
    private func parameters(_ text: String) -> [String] {
        KernelCommandLine(text).parameters.map { $0.name + ($0.value.map { " is \($0)" } ?? "") }
    }

    @Test(
        "next_arg(): white space, quotes, and the first = behind the first letter",
        arguments: [
            ("  ro\tquiet \n", ["ro", "quiet"]),
            ("root=UUID=1-2 a-b=c-d", ["root is UUID=1-2", "a_b is c-d"]),
            ("\"a-b=c d\" e=\"f g\" h", ["a_b is c d", "e is f g", "h"]),
            ("a=b\"c d\"e f=\"", ["a is b\"c d\"e", "f is "]),
            ("=a=b c=", ["=a is b", "c is "]),
            ("\"a b\" c=d\"", ["a b", "c is d\""]),
            ("a\u{a0}b", ["a\u{fffd}", "b"]),
            ("", []),
        ] as [(String, [String])]
    )
    func split(text: String, expected: [String]) { #expect(parameters(text) == expected) }

    @Test("-- ends the kernel's parameters; what it hands to init others may read") func separator() {
        let line = KernelCommandLine("ro -- quiet -- modprobe.blacklist=a,b")
        #expect(line.parameters.map(\.name) == ["ro"])
        #expect(line.initParameters.map(\.name) == ["quiet", "__", "modprobe.blacklist"])
        #expect(line.modulesBarredForDevices == ["a", "b"])
        #expect(parameters("--=x \"--\" b") == ["__ is x"])
    }

    @Test(
        "module_blacklist=: the last one, in the module's own spelling, no longer than the kernel takes",
        arguments: [
            ("module_blacklist=a,,b_c,", ["a", "b_c"]), ("module-blacklist=a", ["a"]),
            ("module_blacklist=a module_blacklist=b", ["b"]), ("module_blacklist=a module_blacklist=", []),
            ("module_blacklist=a module_blacklist", ["a"]), ("module_blacklist=cxl-acpi", ["cxl-acpi"]),
            ("-- module_blacklist=a", []), ("x.module_blacklist=a", []),
            ("module_blacklist=a module_blacklist=\(String(repeating: "b", count: 1025))", ["a"]),
        ] as [(String, Set<String>)]
    )
    func barred(text: String, expected: Set<String>) { #expect(KernelCommandLine(text).barredModules == expected) }

    @Test(
        "switches, as kstrtobool() reads them: what it refuses changes nothing",
        arguments: [
            ("x", true), ("x=1", true), ("x=Yes", true), ("x=true", true), ("x=on", true), ("x=0", false),
            ("x=N", false), ("x=off", false), ("x=false", false), ("x=2", false), ("x=", false), ("x x=2", true),
            ("x=1 x=0", false), ("y=1", false), ("a-b.x=1", false),
        ]
    )
    func switches(text: String, expected: Bool) { #expect(KernelCommandLine(text).parameters.isOn("x") == expected) }

    @Test("device_hmem.disable on the command line of a machine that shows no parameter: there is no probe to infer")
    func disabled() throws {
        let copy = try TestCaptures.copy(TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "hmem-first"))
        #expect(try Inspector(root: copy.path).read().initialProbe.value == .done)
        try FileManager.default.removeItem(at: copy.url("/sys/module/device_hmem"))
        let line = try String(contentsOf: copy.url("/proc/cmdline"), encoding: .utf8).dropLast()
        try "\(line) device-hmem.disable=1\n".write(to: copy.url("/proc/cmdline"), atomically: false, encoding: .utf8)
        let machine = try Inspector(root: copy.path).read()
        #expect(machine.hmemSettings.isDisabled && machine.initialProbe.value == .unknown)
    }
}

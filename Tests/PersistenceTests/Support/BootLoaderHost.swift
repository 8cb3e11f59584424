import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures

@testable import Persistence

/// A system with a boot loader below a directory, whose programs do to its entries what the real ones do.
final class BootLoaderHost {
    let root = TestCaptures.newDirectory()
    let loader: BootLoader
    /// What was run.
    private(set) var commands: [[String]] = []
    /// What a command is to do in place of its own work: to end so.
    var failure: ((Int) throws -> Int32?)?

    static let entry = "/boot/loader/entries/x.conf"
    static let grub = "/boot/grub/grub.cfg"
    static let parameter = "initcall_blacklist=cxl_acpi_init"

    init(_ loader: BootLoader, options: String = "root=/dev/vda1 ro quiet") throws {
        self.loader = loader
        try write("root=/dev/vda1 ro\n", to: "/proc/cmdline")
        try write("", to: "/lib/modules/6.12/modules.dep")
        try write("", to: "/boot/vmlinuz-6.12")
        switch loader {
        case .grub:
            try write("", to: "/usr/sbin/update-grub")
            try write("GRUB_CMDLINE_LINUX=\"quiet\"\n", to: "/etc/default/grub")
        case .grubby: try write("", to: "/usr/sbin/grubby")
        case .kernelstub:
            try write("", to: "/usr/bin/kernelstub")
            try write("{}", to: "/etc/kernelstub/configuration")
        case .kernelInstall:
            try write("", to: "/usr/bin/kernel-install")
            try write("\(options)\n", to: BootParameter.path)
        }
        try writeEntry(options)
    }

    var system: BootSystem { BootSystem(root: root) { [self] command, goesOn in try run(command, goesOn) } }

    /// The words that the kernel is started with.
    var options: String {
        let text = self.text(loader == .grub ? Self.grub : Self.entry) ?? ""
        return text.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if loader == .grub { return words.first == "linux" ? words.dropFirst(2).joined(separator: " ") : nil }
            return words.first == "options" ? words.dropFirst().joined(separator: " ") : nil
        }.first ?? ""
    }

    func text(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }

    func write(_ text: String, to path: String) throws {
        let url = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func writeEntry(_ options: String) throws {
        if loader == .grub {
            try write(
                "menuentry 'Debian' {\n  linux /boot/vmlinuz-6.12 \(options)\n  initrd /boot/initrd.img-6.12\n}\n"
                    + "menuentry 'other' {\n  linux /vmlinuz root=/dev/vdb1 ro\n}\n",
                to: Self.grub
            )
        } else {
            try write("title Linux\nversion 6.12\nlinux /6.12/linux\noptions \(options)\n", to: Self.entry)
        }
    }

    /// A machine with `cxl_acpi` in its kernel image, started so.
    func machine(_ line: String = "ro") -> MachineState {
        var machine = MachineState(kernel: Kernel(release: "6.12"), iomem: .init(inFileOrder: []))
        machine.modules.builtin = ["cxl_acpi"]
        machine.kernel.commandLine = KernelCommandLine(line)
        return machine
    }

    private func run(_ command: [String], _ goesOn: () -> Bool) throws -> Int32 {
        commands.append(command)
        if let status = try failure?(commands.count) { return status }
        var words = options.split(separator: " ").map(String.init)
        switch command[0] {
        case "/usr/sbin/update-grub":
            words = ["root=/dev/vda1", "ro", "quiet"]
            let dropIn = text("/etc/default/grub.d/99-daxswitch.cfg")?.split(separator: "\n").last ?? ""
            if dropIn.hasPrefix("GRUB_CMDLINE_LINUX=") { words.append(Self.parameter) }
        case "/usr/sbin/grubby":
            // grubby(8): a value replaces that of the same name.
            let (key, value) = (
                command[2].split(separator: "=", maxSplits: 1)[0], command[2].split(separator: "=", maxSplits: 1)[1]
            )
            let name = value.split(separator: "=")[0] + "="
            words.removeAll { key == "--args" ? $0.hasPrefix(name) : $0 == value }
            if key == "--args" { words.append(String(value)) }
        case "/usr/bin/kernelstub":
            words.removeAll { $0 == command[2] }
            if command[1] == "--add-options" { words.append(command[2]) }
        default: words = (text(BootParameter.path) ?? "").split { $0 == " " || $0 == "\n" }.map(String.init)
        }
        try writeEntry(words.joined(separator: " "))
        return 0
    }
}

extension KernelMessage {
    /// What the kernel prints when something in it went wrong, and what stops a plan.
    package static let complaints = reports + refusals

    /// Reports of a fault in the kernel, which end with `---[ end trace`. Which code it was in, the report says.
    package static let reports: [KernelMessage] = [
        fault(
            "warning-until-6.18",
            "__warn() (kernel/panic.c)",
            "WARNING: CPU: 1 PID: 9 at kernel/resource.c:1149 f+0x1/0x2",
            [.text("WARNING: CPU: "), .digits, .text(" PID: "), .digits, .text(" at "), .remainder]
        ),
        fault(
            "warning",
            "__warn() (kernel/panic.c), 6.19 on",
            "WARNING: kernel/resource.c:1149 at f+0x1/0x2, CPU#1: modprobe/9",
            [.text("WARNING: "), .name, .text(":"), .digits, .text(" at "), .symbol, .remainder]
        ),
        fault(
            "warning-without-file",
            "__warn() (kernel/panic.c), 6.19 on",
            "WARNING: at f+0x1/0x2, CPU#1: modprobe/9",
            [.text("WARNING: at "), .symbol, .remainder]
        ),
        fault(
            "lock-report",
            "kernel/locking/lockdep.c",
            "WARNING: possible circular locking dependency detected",
            [
                .text("WARNING: "),
                .oneOf([
                    "possible circular locking dependency detected", "possible recursive locking detected",
                    "possible irq lock inversion dependency detected", "inconsistent lock state",
                    "bad unlock balance detected!", "suspicious RCU usage",
                ]),
            ]
        ),
        fault(
            "bug",
            "kernel/bug.c: __report_bug()",
            "kernel BUG at lib/list_debug.c:59!",
            [.text("kernel BUG at "), .name, .text(":"), .digits, .text("!")]
        ),
        fault(
            "bad-access",
            "show_fault_oops() (arch/x86/mm/fault.c)",
            "BUG: kernel NULL pointer dereference, address: 0000000000000008",
            [.text("BUG: kernel NULL pointer dereference, address: "), .remainder]
        ),
        fault(
            "page-fault",
            "show_fault_oops() (arch/x86/mm/fault.c)",
            "BUG: unable to handle page fault for address: ff0",
            [.text("BUG: unable to handle "), .remainder]
        ),
        fault(
            "bad-page",
            "bad_page() (mm/page_alloc.c)",
            "BUG: Bad page state in process modprobe  pfn:5d0000",
            [
                .text("BUG: Bad page "), .oneOf(["state in process ", "map in process ", "cache in process "]),
                .remainder,
            ]
        ),
        fault(
            "wrong-context",
            "__schedule_bug(), __might_resched() (kernel/sched/core.c)",
            "BUG: scheduling while atomic: modprobe/9/0x00000002",
            [
                .oneOf(["BUG: scheduling while atomic: ", "BUG: sleeping function called from invalid context at "]),
                .remainder,
            ]
        ),
        fault(
            "memory-checker",
            "print_error_description() (mm/kasan/report.c), kfence_report_error() (mm/kfence/report.c)",
            "BUG: KASAN: slab-use-after-free in cxl_region_detach+0x1/0x2 [cxl_core]",
            [
                .oneOf(["BUG: KASAN: ", "BUG: KFENCE: "]), .name,
                .oneOf([" read", " write", " corruption", " free", ""]),
                .text(" in "), .symbol, .remainder,
            ]
        ),
        fault(
            "oops",
            "__die_header() (arch/x86/kernel/dumpstack.c)",
            "Oops: Oops: 0002 [#1] SMP NOPTI",
            [
                .oneOf(["Oops: Oops: ", "Oops: int3: ", "Oops: "]), .hexDigits, .text(" [#"), .digits, .text("]"),
                .flags,
            ]
        ),
        fault(
            "oops-with-reason",
            "__die_header() (arch/x86/kernel/dumpstack.c)",
            "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
            [
                .oneOf([
                    "Oops: general protection fault", "Oops: invalid opcode: ", "Oops: divide error: ",
                    "Oops: stack segment: ", "Oops: double fault: ", "Oops: Bad pagetable: ", "Oops: invalid TSS: ",
                    "Oops: control protection fault", "Oops: Kernel access of bad area",
                ]),
                .remainder,
            ]
        ),
        fault(
            "oops-of-riscv",
            "die() (arch/riscv/kernel/traps.c)",
            "Oops [#1]",
            [.text("Oops [#"), .digits, .text("]")]
        ),
        fault(
            "internal-error",
            "__die() (arch/arm64/kernel/traps.c)",
            "Internal error: Oops: 0000000096000004 [#1] SMP",
            [
                .text("Internal error: "),
                .oneOf([
                    "Oops", "aarch64 BRK", "synchronous external abort", "synchronous parity", "synchronous tag check",
                    "undefined instruction", "UBSAN",
                ]), .remainder,
            ]
        ),
        fault(
            "unhandled-access",
            "die_kernel_fault() (arch/arm64/mm/fault.c)",
            "Unable to handle kernel paging request at virtual address ffff800008000000",
            [.text("Unable to handle kernel "), .remainder]
        ),
        // Until 6.9 the reason stood without "Oops: " in front.
        fault(
            "protection-fault",
            "die_addr() (arch/x86/kernel/dumpstack.c), until 6.9",
            "general protection fault, probably for non-canonical address 0xdead: 0000 [#1] PREEMPT SMP NOPTI",
            [.text("general protection fault, "), .oneOf(["probably for ", "maybe for "]), .remainder]
        ),
        fault(
            "trap",
            "__die_header() (arch/x86/kernel/dumpstack.c), until 6.9",
            "invalid opcode: 0000 [#1] PREEMPT SMP NOPTI",
            [
                .oneOf([
                    "invalid opcode: ", "divide error: ", "stack segment: ", "double fault: ",
                    "general protection fault: ",
                ]),
                .hexDigits, .text(" [#"), .digits, .text("]"), .flags,
            ]
        ),
        fault(
            "list-corruption",
            "__list_del_entry_valid_or_report() (lib/list_debug.c)",
            "list_del corruption. prev->next should be ff11, but was ff12. (prev=ff13)",
            [.oneOf(["list_del corruption", "list_add corruption"]), .remainder]
        ),
    ]

    /// What our drivers and memory hotplug say when they refuse, in one line.
    package static let refusals: [KernelMessage] = [
        refusal(
            "resource-conflict",
            "alloc_dax_region() (drivers/dax/bus.c)",
            "cxl_dax_region dax_region0: dax_region resource conflict for [mem 0x5d0000000-0x5efffffff]",
            [.name, .text(" "), .name, .text(": dax_region resource conflict for "), .text("[mem "), .remainder]
        ),
        refusal(
            "reservation",
            "dev_dax_kmem_probe() (drivers/dax/kmem.c), dev_dax_probe() (drivers/dax/device.c)",
            "kmem dax0.0: mapping0: 0x5d0000000-0x5efffffff could not reserve region",
            mapping([.text(" could not reserve "), .oneOf(["region", "range"])])
        ),
        refusal(
            "not-removed",
            "check_memblock_offlined_cb() (mm/memory_hotplug.c)",
            "removing memory fails, because memory [0x00000005d0000000-0x00000005d7ffffff] is onlined",
            [.text("removing memory fails, because memory ["), .remainder]
        ),
        refusal(
            "stuck",
            "dev_dax_kmem_remove() (drivers/dax/kmem.c)",
            "kmem dax0.0: mapping0: 0x5d0000000-0x5efffffff stuck online until reboot",
            mapping([.oneOf([" stuck online until reboot", " cannot be hotremoved until the next reboot"])])
        ),
        refusal(
            "stuck-device",
            "dev_dax_kmem_remove() (drivers/dax/kmem.c)",
            "kmem dax0.0: Hotplug regions stuck online until reboot",
            [.text("kmem dax"), .name, .text(": Hotplug regions stuck online until reboot")]
        ),
    ]

    /// What a driver says about a part of a dax device, up to `end`.
    static func mapping(
        of drivers: [String] = ["kmem", "device_dax", "fsdev_dax"],
        _ end: [MessageForm.Part]
    ) -> [MessageForm.Part] {
        [
            .oneOf(drivers), .text(" dax"), .name, .text(": mapping"), .digits, .text(": "), .address, .text("-"),
            .address,
        ] + end
    }

    private static func fault(
        _ id: String,
        _ source: String,
        _ example: String,
        _ parts: [MessageForm.Part]
    ) -> KernelMessage {
        KernelMessage(id, .fault, source, example, parts)
    }

    /// A message that a driver prints when it is loaded or bound.
    static func refusal(
        _ id: String,
        _ source: String,
        _ example: String,
        _ parts: [MessageForm.Part]
    ) -> KernelMessage {
        KernelMessage(id, .driver, source, example, parts)
    }
}

/// A complaint of the kernel, and whether it is about what this tool touches.
package struct KernelComplaint: Sendable, Equatable {
    /// The line that says what went wrong.
    package let line: String
    /// The report names none of the CXL, dax and memory drivers, and not this process.
    package let isElsewhere: Bool

    /// What the last line of a report begins with (kernel/panic.c: print_oops_end_marker()).
    package static let endOfReport = "---[ end trace "

    /// The first complaint in `lines`, records of the kernel's own facility without their time; nil without a complaint.
    /// - Parameter expected: Parts of lines that were foreseen.
    package static func first(in lines: [String], expected: [String] = []) -> KernelComplaint? {
        for (index, line) in lines.enumerated() where !expected.contains(where: { line.holds($0) }) {
            if KernelMessage.refusals.contains(where: { $0.form.fits(line) }) {
                return KernelComplaint(line: line, isElsewhere: false)
            }
            if KernelMessage.reports.contains(where: { $0.form.fits(line) }) {
                return KernelComplaint(line: line, isElsewhere: isElsewhere(lines[index...]))
            }
        }
        return nil
    }

    /// Whether a report is whole and names nothing that this tool touches. One that is cut off may have named it.
    private static func isElsewhere(_ lines: ArraySlice<String>) -> Bool {
        guard let end = lines.firstIndex(where: { $0.hasPrefix(endOfReport) }) else { return false }
        return lines[...end].allSatisfy { line in
            // These name every module, every machine and any process, whatever the report is about.
            if line.hasPrefix("Modules linked in:") || line.hasPrefix("Hardware name:") { return true }
            if line.hasPrefix("CPU: "), let place = line.place(of: " Comm: ") {
                return !line[place.upperBound...].hasPrefix("daxswitch ")
            }
            return !ourWords.contains { line.holds($0) }
        }
    }

    /// What stands in the name of every function, file or device that a step can reach.
    private static let ourWords = [
        "cxl", "dax", "hmem", "kmem", "ACPI0017", "memory_block", "memory_hotplug", "memory_subsys", "memory_group",
        "offline_pages", "online_pages", "add_memory", "remove_memory", "resource", "memremap", "load_module",
        "do_init_module", "delete_module", "driver_register", "driver_detach", "really_probe",
    ]
}

/// Kernel messages that quote what an unprivileged user, or the maker of a device, chose.
package enum UserMessages {
    /// The messages with which a user comes as close as can be to having the kernel say `wanted`; with line ends in them.
    ///
    /// A process name has at most 15 bytes (PR_SET_NAME, TASK_COMM_LEN), a file name 255; both may hold spaces, brackets and
    /// line ends.
    package static func imitating(_ wanted: String) -> [String] {
        let bytes = Array(wanted.utf8)
        var cut: [String] = []
        for length in 1...15 {
            let name = String(decoding: bytes.prefix(length), as: UTF8.self)
            let rest = String(decoding: bytes.dropFirst(length), as: UTF8.self)
            for file in [rest, wanted, "\n\(wanted)\n"] { cut += quoting(name: name, file: String(file.prefix(255))) }
        }
        var whole: [String] = []
        for text in ["\n\(wanted)\n", wanted, "x\n\(wanted)"] {
            whole += quoting(name: "x", file: String(text.prefix(255)))
            whole += quoting(name: String(text.prefix(15)), file: "x")
            whole += ofDevices(text)
        }
        return cut + whole
    }

    private static func quoting(name: String, file: String) -> [String] {
        [
            // show_signal_msg() in arch/x86/mm/fault.c, print_vma_addr() in mm/memory.c
            "\(name)[4711]: segfault at 0 ip 0000000000000000 sp 00007ffd8b5b7a48 error 14 in \(file)[400000,1000] likely on "
                + "CPU 1 (core 1, socket 0)",
            // arch/x86/kernel/traps.c
            "traps: \(name)[4711] general protection fault ip:401126 sp:7ffd8b5b7a48 error:0 in \(file)[401000,1000]",
            "traps: \(name)[4711] trap invalid opcode ip:401126 sp:7ffd8b5b7a48 error:0 in \(file)[401000,1000]",
            // signal_fault() in arch/x86/mm/fault.c
            "\(name)[4711] bad frame in rt_sigreturn frame:00007ffd ip:401126 sp:7ffd error:0 in \(file)[401000,1000]",
            // dump_header() and oom_kill_process() in mm/oom_kill.c, warn_alloc() in mm/page_alloc.c
            "\(name) invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0",
            "[   4711]  1000  4711      622      264    45056        0             0 \(name)",
            "Out of memory: Killed process 4711 (\(name)) total-vm:9kB, anon-rss:1kB, file-rss:1kB, shmem-rss:0kB, UID:1000",
            "\(name): page allocation failure: order:0, mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=\(file),mems_allowed=0",
            // kernel/exit.c, fs/exec.c, kernel/hung_task.c, kernel/signal.c, kernel/auditsc.c
            "\(name) (4711) used greatest stack depth: 12128 bytes left",
            "process '\(file)' launched '/bin/true' with NULL argv: empty string added",
            "INFO: task \(name):4711 blocked for more than 120 seconds.",
            "\(name): potentially unexpected fatal signal 11.",
            "\(name)/4711: potentially unexpected fatal signal 11.",
            "audit: type=1701 audit(1.2:3): auid=1000 uid=1000 pid=4711 comm=\"\(name)\" exe=\"\(file)\" sig=11 res=1",
            "TCP: request_sock_TCP: \(name): Possible SYN flooding on port 80. Sending cookies.",
        ]
    }

    private static func ofDevices(_ text: String) -> [String] {
        [
            "usb 1-1: Product: \(text)", "usb 1-1: SerialNumber: \(text)",
            "scsi 2:0:0:0: Direct-Access     \(text) 1.0  PQ: 0 ANSI: 6",
            "EXT4-fs (loop0): mounted filesystem \(text) r/w with ordered data mode. Quota mode: none.",
        ]
    }

    /// A message as `/dev/kmsg` gives it: what can't be printed is escaped (kernel/printk/printk.c: msg_add_ext_text()).
    package static func escaped(_ message: String) -> String {
        message.utf8.map { byte in
            guard byte < 0x20 || byte >= 0x7f || byte == UInt8(ascii: "\\") else {
                return String(decoding: [byte], as: UTF8.self)
            }
            let digits = String(byte, radix: 16)
            return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
        }.joined()
    }
}

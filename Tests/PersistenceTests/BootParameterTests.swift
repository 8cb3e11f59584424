import Testing

@testable import Persistence

@Suite("The parameter in /etc/kernel/cmdline")
struct BootParameterTests {
    private func edited(_ text: String, _ isWanted: Bool) throws -> String {
        try BootParameter(Array(text.utf8)).text(isWanted)
    }

    @Test(
        "everything else stays, and what is added can be taken away again",
        arguments: [
            ("root=/dev/vda1 ro quiet\n", "root=/dev/vda1 ro quiet initcall_blacklist=cxl_acpi_init\n"),
            ("root=/dev/vda1  ro", "root=/dev/vda1  ro initcall_blacklist=cxl_acpi_init"),
            ("ro initcall_blacklist=a,b quiet\n", "ro initcall_blacklist=a,b,cxl_acpi_init quiet\n"),
            (
                "ro dyndbg=\"file x +p\" -- single\n",
                "ro dyndbg=\"file x +p\" initcall_blacklist=cxl_acpi_init -- single\n"
            ),
            ("ro \"initcall_blacklist=x y\"\n", "ro \"initcall_blacklist=x y\" initcall_blacklist=cxl_acpi_init\n"),
        ]
    )
    func thereAndBack(before: String, after: String) throws {
        #expect(try edited(before, true) == after)
        #expect(try edited(after, true) == after)
        #expect(try edited(after, false) == before)
        #expect(try edited(before, false) == before)
    }

    @Test("only the name is taken out of a list")
    func list() throws {
        #expect(try edited("initcall_blacklist=a,cxl_acpi_init,b ro\n", false) == " initcall_blacklist=a,b ro\n")
        #expect(
            try edited("ro initcall_blacklist=cxl_acpi_init_more\n", false)
                == "ro initcall_blacklist=cxl_acpi_init_more\n"
        )
    }

    @Test(
        "what is not one line of parameters is not edited",
        arguments: ["", "\n", "ro\nquiet\n", "# ours\n", "ro \"quiet\n", "ro\u{0}quiet\n"]
    )
    func refused(text: String) {
        let error = #expect(throws: PersistenceError.self) { try BootParameter(Array(text.utf8)) }
        #expect(error?.code == .bootLoader)
        #expect(error?.message.contains("/etc/kernel/cmdline") == true)
        #expect(throws: PersistenceError.self) { try BootParameter(nil) }
        #expect(throws: PersistenceError.self) { try BootParameter([0xff, 0x0a]) }
    }
}

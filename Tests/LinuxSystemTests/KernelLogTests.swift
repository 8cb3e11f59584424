import LinuxSystem
import Testing

@Suite("The kernel's log")
struct KernelLogTests {
    @Test(
        "records of user space are not the kernel's word",
        arguments: [
            ("4,1234,5140900,-;WARNING: CPU: 1 PID: 9\n SUBSYSTEM=cxl\n", "WARNING: CPU: 1 PID: 9"),
            ("6,339,5140900,c;a; b\n", "a; b"), ("12,340,5140901,-;systemd[1]: WARNING: late\n", nil),
            ("14,341,5140902,-;daxswitch: hold\n", nil), ("no record", nil), ("", nil),
        ] as [(String, String?)]
    )
    func records(_ record: String, _ text: String?) {
        let record = KernelLogRecord(Array(record.utf8))
        #expect((record?.isFromKernel == true ? record?.text : nil) == text)
    }

    @Test("text is split by bytes: a carriage return before the line end takes nothing in")
    func bytes() {
        let record = KernelLogRecord(Array("6,1,2,-;ends in a return\r\n KEY=value\n".utf8))
        #expect(record?.text == "ends in a return\r")
        #expect(KernelLogRecord(Array("-1,1,2,-;text".utf8)) == nil)
        #expect(KernelLogRecord(Array("6,1,2,-".utf8)) == nil)
    }
}

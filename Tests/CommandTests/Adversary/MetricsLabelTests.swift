import Iomem
import Machine
import Testing

@testable import daxswitch

@Suite("17: labels of metrics are escaped by bytes")
struct MetricsLabelTests {
    @Test(
        "no line end and no bare quote is left, whatever stands beside it",
        arguments: [
            ("a\r\nb", "a\\\\x0d\\nb"), ("a\"\u{301}b", "a\\\"\u{301}b"), ("a\\\u{301}", "a\\\\\u{301}"),
            ("\n\n", "\\n\\n"),
        ]
    )
    func escaping(subject: String, label: String) {
        let machine = MachineState(kernel: Kernel(release: "6.18"), iomem: IomemTree(inFileOrder: []))
        let text = verifyMetrics([], machine: machine, subject: subject, time: 0)
        let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { Array($0) }
        let expected = Array("daxswitch_verify_matches{subject=\"\(label)\"} 1".utf8)
        #expect(lines.contains(expected))
    }
}

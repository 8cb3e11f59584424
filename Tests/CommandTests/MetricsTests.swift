import Foundation
import TestCaptures
import Testing

@Suite("verify --prometheus")
struct MetricsTests {
    private func verify(_ policy: String, to file: String) throws -> Ended {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        return try Tool.run(["verify", policy, "--prometheus", file], on: root)
    }

    @Test("writes what verify says and what each driver owns, and replaces the file as one act")
    func metrics() throws {
        let file = try temporaryFile("daxswitch.prom", "old")
        #expect(try verify("hmem", to: file).status == 4)
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.contains("daxswitch_verify_matches{subject=\"hmem\"} 0"))
        #expect(lines.contains("daxswitch_range_bytes{subject=\"hmem\",owner=\"cxl\"} 536870912"))
        #expect(lines.contains("daxswitch_range_bytes{subject=\"hmem\",owner=\"hmem\"} 0"))
        #expect(lines.contains { $0.hasPrefix("daxswitch_differences{subject=\"hmem\",kind=\"owner\"} 1") })
        let stamp = try #require(lines.first { $0.hasPrefix("daxswitch_last_run_timestamp_seconds{") })
        let seconds = try #require(stamp.split(separator: " ").last.flatMap { Double($0) })
        #expect(abs(seconds - Date().timeIntervalSince1970) < 600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: String(file.dropLast(14))) == ["daxswitch.prom"])
        #expect(try verify("cxl", to: file).status == 0)
        #expect(
            try String(contentsOfFile: file, encoding: .utf8).contains("daxswitch_verify_matches{subject=\"cxl\"} 1\n")
        )
    }

    @Test("files of two policies have no series in common, so a collector can read both")
    func twoFiles() throws {
        let samples = try ["hmem", "cxl"].map { policy in
            let file = try temporaryFile("\(policy).prom", "")
            _ = try verify(policy, to: file)
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            return Set(lines.filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: "}").first })
        }
        #expect(!samples[0].isEmpty && samples[0].isDisjoint(with: samples[1]))
    }

    @Test("is the text format: HELP and TYPE before each family, then samples")
    func format() throws {
        let file = try temporaryFile("daxswitch.prom", "")
        _ = try verify("cxl", to: file)
        let sample = #/[a-z_]+\{([a-z]+="[^"]*",?)+\} [0-9]+/#
        var family = ""
        var samples = 0
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                family = String(line.split(separator: " ")[2])
            } else if line.hasPrefix("# TYPE ") {
                #expect(line == "# TYPE \(family) gauge")
            } else {
                #expect(line.hasPrefix("\(family){") && line.wholeMatch(of: sample) != nil, "\(line)")
                samples += 1
            }
        }
        #expect(samples > 5)
    }

    @Test("a file that can't be written does not hide a difference; without a difference it is 1")
    func full() throws {
        #expect(try verify("hmem", to: "/dev/full").status == 4)
        let ended = try verify("cxl", to: "/dev/full")
        #expect(ended.status == 1)
        #expect(ended.complaint.contains("No space left on device"))
    }
}

import Foundation
import Testing

@Suite("The sources")
struct FormatTests {
    @Test("are formatted; `swift format -i -r Sources Tests Tools Benchmarks/Functions` does it")
    func formatted() throws {
        let names = ["Sources", "Tests", "Tools", "Package.swift", "Benchmarks/Functions", "Benchmarks/Package.swift"]
        let folders = names.map { repository.appendingPathComponent($0).path }
        let ended = try Tool.run(
            command: ["swift", "format", "lint", "--strict", "--parallel", "-r"] + folders,
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": NSTemporaryDirectory()]
        )
        #expect(ended.status == 0, "\(ended.complaint)")
    }
}

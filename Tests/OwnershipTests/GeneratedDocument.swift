import Foundation
import Testing

/// A document in `docs/` that is made from values of the code: `make docs` writes it, a test holds it against the values.
struct GeneratedDocument {
    /// The file's name in `docs/`.
    let name: String
    /// What it must hold.
    let text: String

    /// Fails where the file is stale, and says how to renew it; writes it where `DAXSWITCH_WRITE_DOCS` is set.
    func check() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/\(name)")
        if ProcessInfo.processInfo.environment["DAXSWITCH_WRITE_DOCS"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let found = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        #expect(found == text, "docs/\(name) is stale: run `make docs`")
    }
}

/// A text that is no policy, with what the error must say.
struct BadPolicy: Sendable {
    let text: String
    let line: Int
    let key: String
    let message: String

    /// Lines that come behind a correct beginning of two lines.
    private static func behind(_ lines: String...) -> String {
        (["summary = \"s\"", "order = [\"hold\"]"] + lines).joined(separator: "\n")
    }

    static let all = [
        BadPolicy(text: behind("speed = 3"), line: 3, key: "speed", message: "unknown key"),
        BadPolicy(text: behind("[want]", "regions = \"cxl\""), line: 4, key: "want.regions", message: "unknown key"),
        BadPolicy(text: "summary = 3", line: 1, key: "summary", message: "got an integer"),
        BadPolicy(text: "summary = \"s\"\norder = \"hold\"", line: 2, key: "order", message: "got a string"),
        BadPolicy(text: "summary = \"s\"\norder = []", line: 2, key: "order", message: "at least one step"),
        BadPolicy(
            text: "summary = \"s\"\norder = [\n  \"hold\", # \"x\"\n  \"load:dax_cxl\",\n  \"jump\",\n]",
            line: 5,
            key: "order[2]",
            message: "not a step"
        ),
        BadPolicy(
            text: "summary = \"s\"\norder = [\"load:ext4\"]",
            line: 2,
            key: "order[0]",
            message: "not a module"
        ),
        BadPolicy(
            text: "summary = \"s\"\norder = [\"hold\", \"hold\"]",
            line: 2,
            key: "order[1]",
            message: "follows itself"
        ),
        BadPolicy(text: behind("want = 1"), line: 3, key: "want", message: "a table"),
        BadPolicy(
            text: behind("[want]", "window_only = \"both\""),
            line: 4,
            key: "want.window_only",
            message: "is not an owner"
        ),
        BadPolicy(
            text: behind("[consent]", "lose_regions = \"yes\""),
            line: 4,
            key: "consent.lose_regions",
            message: "got a string"
        ),
    ]
}

import Foundation
import TestCaptures
import Testing

@testable import daxswitch

/// Lines that are typed in real shells, each with a TAB at its end.
///
/// A wrapper in place of the tool answers completion with the tool, and else prints the words that it was called with: so it
/// shows what the shell made of the line. A shell that is not installed is skipped, but not where `CI` is set.
@Suite("Completion in real shells")
struct ShellCompletionTests {
    /// What is typed behind `daxswitch `, and the words that the tool gets when the line is entered.
    private static let lines: [(typed: String, words: [String])] = [
        ("polic", ["policies"]),
        ("plan hm", ["plan", "hmem"]),
        ("plan hmem --detai", ["plan", "hmem", "--detailed-exitcode"]),
        ("plan --accept dev", ["plan", "--accept", "device-open"]),
        ("plan --accept=dev", ["plan", "--accept=device-open"]),
        ("plan --initial-probe pen", ["plan", "--initial-probe", "pending"]),
        ("predict load:cxl_a", ["predict", "load:cxl_acpi"]),
        ("predict hold unload:dax_h", ["predict", "hold", "unload:dax_hmem"]),
        ("predict --all-orders dax_c", ["predict", "--all-orders", "dax_cxl"]),
        ("help persi", ["help", "persist"]),
        ("explain self", ["explain", "self-undoing"]),
        ("show pla", ["show", "plan.json"]),
        ("show my", ["show", "my file.json"]),
        ("status --root pla", ["status", "--root", "plan.json"]),
        ("status --root=pla", ["status", "--root=plan.json"]),
        ("status --root @lis", ["status", "--root", "@list"]),
        ("status --root=@lis", ["status", "--root=@list"]),
        ("plan hmem --out machines/no", ["plan", "hmem", "--out", "machines/node7.tgz"]),
    ]

    /// A folder with files, and one with the wrapper and the scripts.
    private let folder: String

    init() throws {
        folder = TestCaptures.newDirectory()
        let files = FileManager.default
        for name in ["work/machines", "bin", "functions"] {
            try files.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        for name in ["plan.json", "my file.json", "list", "machines/node7.tgz"] { try write("", "work/\(name)") }
        try write(
            """
            #!/bin/sh
            [ "$1" = \(CompletionAnswer.word) ] && exec "\(Tool.path)" "$@"
            printf '<%s>' "$@"
            echo

            """,
            "bin/daxswitch"
        )
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/bin/daxswitch")
        try write(CompletionScript.bash.text, "daxswitch.bash")
        try write(CompletionScript.zsh.text, "functions/_daxswitch")
        try write(CompletionScript.fish.text, "daxswitch.fish")
    }

    private func write(_ text: String, _ name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    private static func hasShell(_ name: String) -> Bool {
        let isThere = ["/usr/bin", "/bin", "/usr/local/bin"].contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
        return isThere || ProcessInfo.processInfo.environment["CI"] != nil
    }

    private var environment: [String: String] {
        [
            "PATH": "\(folder)/bin:/usr/local/bin:/usr/bin:/bin", "HOME": folder, "ZDOTDIR": folder, "TERM": "dumb",
            "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "LC_ALL": "C.UTF-8",
        ]
    }

    /// The words that the wrapper got, for each line that was typed in a terminal whose shell is started by `command`.
    private func typed(_ command: String) throws -> [[String]] {
        try write(Self.lines.map { "daxswitch \($0.typed)\t\n" }.joined() + "exit\n", "typed")
        let ended = try Tool.run(
            command: ["sh", "-c", "script -qec '\(command)' /dev/null < ../typed"],
            in: "\(folder)/work",
            environment: environment
        )
        return ended.output.split { $0.isNewline }.compactMap { line in
            guard let start = line.firstIndex(of: "<"), line.hasSuffix(">") else { return nil }
            return line[line.index(after: start)...].dropLast().split(separator: "><").map(String.init)
        }
    }

    private func check(_ got: [[String]]) {
        #expect(got.count == Self.lines.count, "\(got)")
        for (line, words) in zip(Self.lines, got) { #expect(words == line.words, "\(line.typed)") }
    }

    @Test("bash, on a terminal, with bash-completion where it is installed", .timeLimit(.minutes(1)))
    func bash() throws {
        let library = "/usr/share/bash-completion/bash_completion"
        try write("PS1=\n[ ! -e \(library) ] || . \(library)\n. ../daxswitch.bash\n", "bashrc")
        check(try typed("bash --noprofile --rcfile ../bashrc -i"))
    }

    @Test(
        "zsh, on a terminal, by compinit",
        .enabled(if: hasShell("zsh"), "zsh is not installed: `.ci/setup test` installs it"),
        .timeLimit(.minutes(1))
    )
    func zsh() throws {
        try write(
            "PS1=\nunsetopt beep\nfpath=(\(folder)/functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\n",
            ".zshrc"
        )
        check(try typed("zsh -d -i"))
    }

    @Test(
        "fish, by what it offers",
        .enabled(if: hasShell("fish"), "fish is not installed: `.ci/setup test` installs it"),
        .timeLimit(.minutes(1))
    )
    func fish() throws {
        let asked = Self.lines.map { "complete -C 'daxswitch \($0.typed)'\necho ==" }.joined(separator: "\n")
        try write("source ../daxswitch.fish\n\(asked)\n", "asked.fish")
        let ended = try Tool.run(
            command: ["fish", "--no-config", "../asked.fish"],
            in: "\(folder)/work",
            environment: environment
        )
        let answers = ended.output.components(separatedBy: "==\n").dropLast()
        #expect(answers.count == Self.lines.count, "\(ended.complaint)")
        for (line, answer) in zip(Self.lines, answers) {
            let words = answer.split(separator: "\n").map { $0.split(separator: "\t").first.map(String.init) ?? "" }
            #expect(words == line.words.suffix(1), "\(line.typed)")
        }
    }
}

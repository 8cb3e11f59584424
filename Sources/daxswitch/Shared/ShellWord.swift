import LinuxSystem

/// A path or name as a word of a command line that a person can copy into a shell.
///
/// `./` comes before what daxswitch would take for an option or a list.
func shellWord(path: String) -> String {
    let word = path.hasPrefix("-") || path.hasPrefix("@") ? "./\(path)" : path
    let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+=,-".utf8
    if !word.isEmpty && word.utf8.allSatisfy(plain.contains) { return word }
    return "'" + word.parts(at: "'", keepingEmpty: true).joined(separator: "'\\''") + "'"
}

/// A path or name as a word of a command line that a person can copy into a shell.
///
/// `./` comes before what daxswitch would take for an option or a list.
package func shellWord(path: String) -> String {
    let word = path.hasPrefix("-") || path.hasPrefix("@") ? "./\(path)" : path
    let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+=,-".utf8
    if !word.isEmpty && word.utf8.allSatisfy(plain.contains) { return word }
    let parts = word.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
    return "'" + parts.map { String($0) ?? "" }.joined(separator: "'\\''") + "'"
}

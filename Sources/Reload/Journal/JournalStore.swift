internal import Glibc
internal import LinuxSystem

/// Where the journal is kept, line by line.
package protocol JournalStore {
    /// What it is called in an error: a path.
    var place: String { get }
    /// All of it; nil if it does not exist. - Throws: `ReloadError` `.unavailable` or `.notPermitted`.
    func readAll() throws(ReloadError) -> [UInt8]?
    /// Puts the one that is there aside and begins another with `line`. - Throws: `ReloadError` `.unavailable`.
    func begin(_ line: [UInt8]) throws(ReloadError)
    /// Adds `line`, on the disk when it returns; what stands behind the last whole line counts as not written.
    /// - Throws: `ReloadError` `.unavailable`.
    func append(_ line: [UInt8]) throws(ReloadError)
    /// Puts it aside; none is no error. - Throws: `ReloadError` `.unavailable`.
    func putAside() throws(ReloadError)
}

/// The journal in `/run`: it dies with the boot, as the kernel's state does.
package struct JournalFile: JournalStore {
    let state: StateDirectory

    /// The file below `state`.
    package init(_ state: StateDirectory) { self.state = state }

    /// Its path.
    package var place: String { state.journal }

    /// Its bytes.
    package func readAll() throws(ReloadError) -> [UInt8]? {
        try StateDirectory.read(state.journal)
    }

    /// A new file, made under this name only once it is whole.
    package func begin(_ line: [UInt8]) throws(ReloadError) {
        try putAside()
        try StateDirectory.write(line, to: state.journal, isPrivate: true)
    }

    /// At its end.
    package func append(_ line: [UInt8]) throws(ReloadError) {
        do { try File(state.journal, O_RDWR | O_APPEND).appendWholeLine(line) } catch { throw ReloadError(error) }
    }

    /// As `journal.last`.
    package func putAside() throws(ReloadError) {
        if unsafe rename(state.journal, state.lastJournal) != 0 && errno != ENOENT {
            throw ReloadError(.failing("put aside \(state.journal)"))
        }
    }
}

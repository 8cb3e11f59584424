internal import CKmod

/// Opens libkmod, unless this process has done so. A command that changes no module starts without it.
/// - Returns: its functions, for as long as the process lives.
/// - Throws: `.noLibrary` with the loader's words.
func openLibkmod() throws(KmodError) -> UnsafePointer<libkmod> {
    var why: UnsafePointer<CChar>?
    if let functions = unsafe libkmod_open(&why) { return unsafe functions }
    let words = unsafe why.map { unsafe String(cString: $0) } ?? "the loader gives no reason"
    throw KmodError(.noLibrary, "libkmod can't be opened: \(words)")
}

/// A string of libkmod's that is never null.
func text(_ string: UnsafePointer<CChar>?) -> String {
    unsafe string.map { unsafe String(cString: $0) } ?? ""
}

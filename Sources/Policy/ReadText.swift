import Glibc

/// What came of reading a file.
enum ReadResult: Equatable {
    case text(String)
    case missing
    /// Why it can't be read.
    case failure(String)
    /// Why it is not to be acted on.
    case distrusted(String)
}

/// The UTF-8 text of a file, opened once: what `distrust` has looked at is what is read.
func readText(_ path: String, distrust: PolicyLibrary.Distrust = { _, _ in nil }) -> ReadResult {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        let error = errno
        return error == ENOENT || error == ENOTDIR ? .missing : .failure(errorText(error))
    }
    defer { _ = close(descriptor) }
    if let why = distrust(descriptor, path) { return .distrusted(why) }
    var bytes: [UInt8] = []
    // A policy is a page; a device or a log given by mistake shall not fill the memory.
    let limit = 1 << 20
    var buffer = [UInt8](repeating: 0, count: 16384)
    while bytes.count <= limit {
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        // The part of a policy that was read may well be another policy.
        if count < 0 { return .failure(errorText(errno)) }
        if count == 0 { break }
        bytes += buffer.prefix(count)
    }
    guard bytes.count <= limit else { return .failure("it is larger than 1 MiB") }
    guard let text = String(validating: bytes, as: UTF8.self) else { return .failure("it is not UTF-8 text") }
    return .text(text)
}

/// The names in a folder; none where it can't be read.
func namesOfFiles(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        names.append(
            unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
        )
    }
    return names
}

private func errorText(_ error: Int32) -> String { unsafe String(cString: strerror(error)) }

internal import LinuxSystem

/// What a tree is asked.
struct Question: Hashable {
    enum Kind: UInt8 {
        case read, list, realPath, exists, hasWords, linkTarget, deviceNumber, sharesDescriptors
    }

    let kind: Kind
    /// The path, then what else belongs to the question, with NUL between. By bytes: two names that are equal as text are two
    /// files.
    let subject: ArraySlice<UInt8>

    init(_ kind: Kind, _ parts: [String]) {
        self.kind = kind
        subject = joined(parts)[...]
    }

    init(_ kind: Kind, _ path: String) {
        self.kind = kind
        subject = Array(path.utf8)[...]
    }

    /// Takes the question off that stands in front of `bytes`; nil if there is only a part of one.
    init?(from bytes: inout ArraySlice<UInt8>) {
        guard let kind = bytes.popFirst().flatMap(Kind.init), let subject = bytes.popSized() else { return nil }
        (self.kind, self.subject) = (kind, subject)
    }

    /// Adds it to `bytes`.
    func append(to bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        bytes.appendSized(subject)
    }

    /// The path, and what stands behind it.
    var parts: [String] { texts(subject) }
}

/// What a tree answers.
struct Answer {
    enum Kind: UInt8 { case absent, value, failure }

    let kind: Kind
    let value: ArraySlice<UInt8>

    init(_ kind: Kind, _ value: [UInt8] = []) { (self.kind, self.value) = (kind, value[...]) }

    /// Takes the answer off that stands in front of `bytes`; nil if there is only a part of one.
    init?(from bytes: inout ArraySlice<UInt8>) {
        guard let kind = bytes.popFirst().flatMap(Kind.init), let value = bytes.popSized() else { return nil }
        (self.kind, self.value) = (kind, value)
    }

    /// Adds it to `bytes`.
    func append(to bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        bytes.appendSized(value)
    }
}

/// Texts with NUL between them, which no name holds.
func joined(_ texts: [String]) -> [UInt8] { Array(texts.map { Array($0.utf8) }.joined(separator: [0])) }

/// The texts in what `joined(_:)` gives.
func texts(_ bytes: ArraySlice<UInt8>) -> [String] {
    bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
}

internal import Iomem

/// Values of attributes. A capture that was edited or made by hand may hold them otherwise than the kernel writes
/// them, and a number read in the wrong base is another number, not an error.
extension FileTree {
    /// An address or a size that the kernel prints with `%#llx`; nil where it is absent or empty.
    /// - Throws: where the `0x` is missing.
    func address(_ path: String) throws(InspectionError) -> UInt64? {
        guard let value = try value(path) else { return nil }
        return try address(in: value, at: path)
    }

    /// The same of an attribute that every device of its kind has.
    /// - Throws: where it is not there.
    func requiredAddress(_ path: String) throws(InspectionError) -> UInt64? {
        try address(in: required(path), at: path)
    }

    private func address(in value: String, at path: String) throws(InspectionError) -> UInt64? {
        guard !value.isEmpty else { return nil }
        guard let number = parseNumber(value) else { throw damaged(path, "\"\(value)\" is not a number") }
        guard value.hasPrefix("0x") || number == 0 else {
            throw damaged(path, "\"\(value)\" lacks 0x: the kernel writes this value in hexadecimal (\"%#llx\")")
        }
        return number
    }

    /// A size that the kernel prints with `%llu`, of an attribute that every device of its kind has; nil where it is empty.
    /// - Throws: where it is not there or not decimal.
    func requiredDecimal(_ path: String) throws(InspectionError) -> UInt64? {
        let value = try required(path)
        guard !value.isEmpty else { return nil }
        guard let number = parseNumber(value) else { throw damaged(path, "\"\(value)\" is not a number") }
        guard value.allSatisfy(\.isASCIIDigit) else {
            throw damaged(path, "\"\(value)\" is not decimal: the kernel writes this value in decimal (\"%llu\")")
        }
        return number
    }

    /// The value of an attribute that every device of its kind has.
    /// - Throws: where it is not there: read as absent it would say something that is not so.
    func required(_ path: String) throws(InspectionError) -> String {
        if let value = try value(path) { return value }
        guard isLive else { throw damaged(path, "the file is missing, but its device exists") }
        throw InspectionError(.unstable, "\(path) disappeared while the machine was read. Try again in a moment")
    }

    /// The text of a file that nothing depends on: empty where it can't be read for whatever reason.
    func optionalText(_ path: String) -> String {
        do { return try text(path) ?? "" } catch { return "" }
    }

    /// The names in a directory that nothing depends on, in the order in which people number things.
    func optionalNames(in path: String) -> [String] {
        do { return try names(in: path) { _ in true } } catch { return [] }
    }

    /// `range`, if physical memory can lie there: x86-64 and arm64 have 52 bits at most (MAX_PHYSMEM_BITS).
    /// - Throws: where it does not, naming `place` as the file that says so.
    func physical(_ range: AddressRange, at place: String) throws(InspectionError) -> AddressRange {
        let last: UInt64 = (1 << 52) - 1
        guard range.end <= last else {
            throw damaged(place, "\(range) lies beyond \(hexadecimal(last)), the last physical address (52 bits)")
        }
        return range
    }

    /// The directory of the device that an entry of a bus links to; nil where the device is gone.
    /// - Throws: where a recorded link leads nowhere: the device has no place, so it has no parent.
    func device(_ entry: String) throws(InspectionError) -> String? {
        if let path = realPath(entry) { return path }
        guard !isLive, let target = linkTarget(entry) else { return nil }
        throw damaged(entry, "the link points to \"\(target)\", which does not exist: the device has no parent")
    }
}

internal import FoundationEssentials

extension Decodable {
    /// The value of a JSON document. All JSON is read here.
    ///
    /// A line end is put behind it: the decoder of FoundationEssentials (Swift 6.3) ends the process where its error is about a
    /// place behind the last byte, as for an array 512 levels deep that ends there (JSONError.sourceLocation(at:fullSource:)).
    /// - Throws: what the decoder finds.
    package init(json bytes: some Sequence<UInt8>) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(Array(bytes) + [UInt8(ascii: "\n")]))
    }
}

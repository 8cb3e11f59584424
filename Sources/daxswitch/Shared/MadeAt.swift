import FoundationEssentials

/// When a document is made.
enum MadeAt {
    /// Now, or the time that SOURCE_DATE_EPOCH names (https://reproducible-builds.org/specs/source-date-epoch/), in UTC as
    /// ISO 8601 has it.
    static var now: String {
        let fixed = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap(Double.init)
        return (fixed.map(Date.init(timeIntervalSince1970:)) ?? Date.now).formatted(.iso8601)
    }
}

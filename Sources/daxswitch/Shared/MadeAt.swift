import Glibc
import LinuxSystem

/// When a document is made.
enum MadeAt {
    /// Now, or the time that SOURCE_DATE_EPOCH names (https://reproducible-builds.org/specs/source-date-epoch/), in UTC as
    /// ISO 8601 has it.
    static var now: String {
        let fixed = environmentVariable("SOURCE_DATE_EPOCH").flatMap { time_t($0) }
        return fixed.flatMap(utc) ?? utc(time(nil)) ?? ""
    }

    /// `seconds` since 1970; nil for a year that C has no number for. By the C library: the first date that
    /// FoundationEssentials formats in a process takes two million instructions.
    private static func utc(_ seconds: time_t) -> String? {
        var (seconds, parts) = unsafe (seconds, tm())
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return nil }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress, unsafe strftime(start, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0
            else { return nil }
            return unsafe String(cString: start)
        }
    }
}

import ArgumentParser
import CSystem

/// Where the process starts.
@main
enum Entry {
    static func main() {
        daxswitch_ignore_write_signals()
        do {
            var command = try Daxswitch.parseAsRoot(savedArguments())
            try command.run()
        } catch {
            Daxswitch.exit(withError: error)
        }
    }

    /// The arguments without the program's name.
    ///
    /// Swift reads them from `/proc/self/cmdline` and finds none where `/proc` is not mounted, as early in an
    /// initramfs; a C constructor has kept the ones that the kernel passed.
    private static func savedArguments() -> [String] {
        let count = daxswitch_argument_count()
        guard count > 1 else { return [] }
        return (1..<count).compactMap { index in
            unsafe daxswitch_argument(index).map { unsafe String(cString: $0) }
        }
    }
}

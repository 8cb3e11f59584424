import Foundation

/// What a recorded kernel shows, read from its files alone.
///
/// It shares no code with the tool: it is written from what the kernel prints, so a fault of the tool's reading,
/// rules or comparison can't hide here.
package struct KernelRecord: Sendable {
    package typealias Bytes = ClosedRange<UInt64>

    /// The directory that is the machine's `/`.
    package let root: String

    package init(root: String) { self.root = root }

    /// A dax device with bytes (Documentation/ABI/testing/sysfs-bus-dax).
    package struct Device: Hashable, Sendable {
        package var ranges: [Bytes]
        /// `cxl` or `hmem`.
        package var owner: String
    }

    /// The devices of Soft Reserved memory. One below `dax_regionN` hangs on a CXL region (drivers/cxl/core/region.c:
    /// devm_cxl_add_dax_region()), one below `hmem.N` on a platform device of dax_hmem (drivers/dax/hmem/device.c).
    package var devices: Set<Device> {
        Set(
            names("/sys/bus/dax/devices").compactMap { name in
                guard let path = target("/sys/bus/dax/devices/\(name)") else { return nil }
                let owner = path.contains("/dax_region") ? "cxl" : path.contains("/hmem.") ? "hmem" : nil
                let ranges = ranges(ofDevice: path)
                return owner.flatMap { ranges.isEmpty ? nil : Device(ranges: ranges, owner: $0) }
            }
        )
    }

    private func ranges(ofDevice path: String) -> [Bytes] {
        let mappings = names(path).filter { $0.hasPrefix("mapping") }.sorted().compactMap { name -> Bytes? in
            guard let start = number("\(path)/\(name)/start"), let end = number("\(path)/\(name)/end"), start <= end
            else { return nil }
            return start...end
        }
        if !mappings.isEmpty { return mappings }
        guard let start = number("\(path)/resource"), let size = number("\(path)/size"), size > 0 else { return [] }
        return [start...(start + size - 1)]
    }

    /// The lines of `/proc/iomem` (kernel/resource.c: r_show()).
    package var lines: [(range: Bytes, name: String)] {
        text("/proc/iomem").split(separator: "\n").compactMap { line in
            let halves = line.trimmingCharacters(in: .whitespaces).components(separatedBy: " : ")
            let ends = halves[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard halves.count > 1, ends.count == 2, ends[0] <= ends[1] else { return nil }
            return (ends[0]...ends[1], halves.dropFirst().joined(separator: " : "))
        }
    }

    /// Neither the firmware's map nor the command line leaves memory to a driver.
    package var reservesNothing: Bool {
        let map = "/sys/firmware/memmap"
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: root + map)) ?? []
        let types = entries.map { text("\(map)/\($0)/type") }
        let line = text("/proc/cmdline")
        return !types.contains { $0.contains("Soft Reserved") } && !line.contains("memmap=")
            && !line.contains("efi_fake_mem=")
    }

    /// The modules that are in and ready (kernel/module/procfs.c: m_show()).
    package var liveModules: Set<String> {
        Set(
            text("/proc/modules").split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                return fields.count > 4 && fields[4] == "Live" ? String(fields[0]) : nil
            }
        )
    }

    /// The bytes of the committed ram regions (Documentation/ABI/testing/sysfs-bus-cxl).
    package var committedRegions: [Bytes] {
        names("/sys/bus/cxl/devices").filter { $0.hasPrefix("region") }.compactMap { name in
            guard let path = target("/sys/bus/cxl/devices/\(name)"), number("\(path)/commit") == 1,
                ["", "ram"].contains(value("\(path)/mode")), let start = number("\(path)/resource"),
                let size = number("\(path)/size"), size > 0
            else { return nil }
            return start...(start + size - 1)
        }
    }

    package func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + path) }

    /// The text of a file; empty if it is missing.
    package func text(_ path: String) -> String {
        (FileManager.default.contents(atPath: root + path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func value(_ path: String) -> String { text(path).trimmingCharacters(in: .whitespacesAndNewlines) }

    /// Hexadecimal with 0x, or decimal.
    private func number(_ path: String) -> UInt64? {
        let word = value(path)
        return word.hasPrefix("0x") ? UInt64(word.dropFirst(2), radix: 16) : UInt64(word)
    }

    private func names(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root + path)) ?? []
    }

    /// Where a link of sysfs leads to; the path itself if it is not a link.
    private func target(_ path: String) -> String? {
        guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: root + path) else {
            return exists(path) ? path : nil
        }
        var parts = link.hasPrefix("/") ? [] : path.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

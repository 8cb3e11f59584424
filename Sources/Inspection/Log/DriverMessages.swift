internal import Iomem
internal import Machine

extension KernelMessage {
    /// What drivers say when they fail, beside what stops a plan (`refusals`).
    static let explanations: [KernelMessage] = [
        refusal(
            "attachment-failed",
            "attach_target() (drivers/cxl/core/region.c)",
            "cxl_port endpoint10: failed to attach decoder10.0 to region1: -6",
            [
                .name, .text(" "), .name, .text(": failed to attach decoder"), .name, .text(" to region"), .digits,
                .text(": -"), .digits,
            ]
        ),
        refusal(
            "interleaving-differs",
            "cxl_port_setup_targets() (drivers/cxl/core/region.c)",
            "cxl region1: pci0000:00:port2 cxl_port_setup_targets expected iw: 1 ig: 4096 [mem 0x60-0x6f flags 0x200]",
            [
                .text("cxl region"), .digits, .text(": "), .devices, .text(" cxl_port_setup_targets "),
                .oneOf(["expected iw: ", "got iw: "]), .remainder,
            ]
        ),
        refusal(
            "mapping-without-whole-block",
            "dev_dax_kmem_probe() (drivers/dax/kmem.c)",
            "kmem dax3.0: mapping0: 0x3ff010000000-0x3ff02fffffff too small after alignment",
            mapping(of: ["kmem"], [.text(" too small after alignment")])
        ),
        refusal(
            "without-whole-block",
            "dev_dax_kmem_probe() (drivers/dax/kmem.c)",
            "kmem dax3.0: rejecting DAX region without any memory after alignment",
            [.text("kmem dax"), .name, .text(": rejecting DAX region without any memory after alignment")]
        ),
        refusal(
            "without-node",
            "dev_dax_kmem_probe() (drivers/dax/kmem.c)",
            "kmem dax3.0: rejecting DAX region with invalid node: -1",
            [.text("kmem dax"), .name, .text(": rejecting DAX region with invalid node: -"), .digits]
        ),
        refusal(
            "memory-add-failed",
            "dev_dax_kmem_probe() (drivers/dax/kmem.c)",
            "kmem dax0.0: mapping0: 0x5d0000000-0x5efffffff memory add failed",
            mapping(of: ["kmem"], [.text(" memory add failed")])
        ),
        refusal(
            "probe-failed",
            "call_driver_probe() (drivers/base/dd.c), 6.9 on",
            "kmem dax2.0: probe with driver kmem failed with error -16",
            [
                .name, .text(" dax"), .name, .text(": probe with driver "), .name, .text(" failed with error -"),
                .digits,
            ]
        ),
        refusal(
            "probe-failed-until-6.8",
            "call_driver_probe() (drivers/base/dd.c)",
            "kmem: probe of dax2.0 failed with error -16",
            [.name, .text(": probe of dax"), .name, .text(" failed with error -"), .digits]
        ),
    ]

    /// What a driver failed at, by the id of its message.
    private static let failures: [String: DriverFailure.Kind] = [
        "attachment-failed": .attachment, "interleaving-differs": .interleaving, "without-whole-block": .alignment,
        "without-node": .node, "memory-add-failed": .addition, "probe-failed": .probe,
        "probe-failed-until-6.8": .probe, "resource-conflict": .conflict, "reservation": .reservation,
    ]

    private static let explaining = (explanations + refusals).filter { failures[$0.id] != nil }

    /// What `message` tells of a driver's failure; nil where it tells of none.
    static func failure(in message: Substring) -> DriverFailure? {
        guard let first = message.utf8.first, Self.initials.contains(first),
            marks.contains(where: { message.holds($0) }),
            let known = explaining.first(where: { $0.form.fits(message) }), let kind = failures[known.id]
        else { return nil }
        let ends = known.form.addresses(in: message) ?? []
        return DriverFailure(
            kind: kind,
            subject: subject(of: message, known.id),
            range: ends.count == 2 ? AddressRange(start: ends[0], end: ends[1]) : nil,
            errno: errno(in: message, kind),
            line: String(message)
        )
    }

    /// `cxl…`, `kmem`, `device_dax`, `fsdev_dax`, `hmem`.
    private static let initials = "ckdfh".utf8.map(\.self)

    /// One of these is in each of the messages: most lines of a log need no closer look.
    private static let marks = [
        "failed", "alignment", "could not reserve", "resource conflict", "invalid node", "cxl_port_setup_targets",
    ]

    /// The device or region: behind ` to ` of an attachment, behind `of ` of an old probe, else the second word.
    private static func subject(of message: Substring, _ id: String) -> String {
        let words = message.utf8.split(separator: UInt8(ascii: " ")).map { Substring($0) }
        let place: Int? =
            switch id {
            case "attachment-failed": words.lastIndex(of: "to").map { $0 + 1 }
            case "probe-failed-until-6.8": words.firstIndex(of: "of").map { $0 + 1 }
            default: 1
            }
        guard let place, words.indices.contains(place) else { return "" }
        let word = words[place]
        return String(word.hasSuffix(":") ? word.dropLast() : word)
    }

    private static func errno(in message: Substring, _ kind: DriverFailure.Kind) -> Int? {
        switch kind {
        case .attachment, .probe:
            guard let place = message.utf8.lastIndex(of: UInt8(ascii: "-")) else { return nil }
            return Int(message[place...].dropFirst())
        // The functions above return these.
        case .reservation: return 16
        case .alignment, .node: return 22
        case .conflict: return 12
        case .interleaving, .addition: return nil
        }
    }
}

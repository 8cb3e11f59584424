internal import Iomem
internal import LinuxSystem
internal import Machine

/// What the kernel log tells, found in one walk over the messages that only the kernel can have written.
package struct LoggedFacts: Sendable {
    /// There is no log, or nothing in it.
    let isEmpty: Bool
    /// The log begins with the boot and nothing is missing in it.
    private(set) var isWhole: Bool
    /// How many lines of a log with times of day have a known message and don't count (`TrustedLog`).
    let doubtfulLines: Int
    /// The memory maps.
    let maps: LoggedMaps
    /// `cxl_acpi` has bound a host bridge in this boot.
    var hasHostBridge: Bool { !bridges.isEmpty }
    /// It has bound one more than once: in between it was not bound.
    private(set) var hasBoundAgain = false
    private var bridges: Set<Substring> = []
    /// What the first message of a probe of dax_hmem that met a window says.
    private(set) var probeMessage: String?
    /// The log has `takingAll`, from dax_hmem.
    private(set) var takesAll = false
    /// The log has `awaitingProbe`.
    private(set) var awaitsProbe = false
    /// The windows that got no decoder, each from its first byte to its last.
    private(set) var failedDecodeRanges: [AddressRange] = []
    /// Which of `knownTables` the kernel names.
    private(set) var tables: Set<String> = []
    /// How often the machine was suspended in this boot, or was to be.
    private(set) var suspends = 0
    /// How often it was hibernated, or was to be.
    private(set) var hibernations = 0

    /// The ACPI tables that are about memory.
    static let knownTables = ["CEDT", "SRAT", "HMAT"]

    /// What drivers told of their failures, oldest first; of very many, the newest.
    private(set) var failures: [DriverFailure] = []

    /// More than a machine has devices.
    private static let mostFailures = 1000

    /// What the kernel prints for each host bridge that `cxl_acpi` binds.
    static let bridgeMark = "host supports CXL"
    /// A debug message that came with the deferral on reload (`hmem_register_device()`, drivers/dax/hmem/hmem.c).
    static let awaitingProbe = "await CXL initial probe"
    /// What version 6 of the coordination's series warns of (`process_defer_work()`, drivers/dax/hmem/hmem.c).
    static let takingAll = "Soft Reserved not fully contained in CXL; using HMEM"
    /// A debug message that all versions with a coordination have.
    static let deferring = "deferring range to CXL"

    /// The facts in `log`.
    init(_ log: KernelLogContent?) {
        let log = TrustedLog(log)
        isEmpty = log.isEmpty
        isWhole = log.isWhole
        doubtfulLines = log.doubtfulLines
        maps = LoggedMaps(log.boot)
        for message in log.boot { noteTable(message) }
        for message in log.later { note(message) }
    }

    /// Adds what the records `new` tell; those before them, in which the facts were found, are `earlier`.
    mutating func add(_ new: [KernelLogRecord], after earlier: [KernelLogRecord]) {
        guard let last = earlier.last else { return self = LoggedFacts(.records(new)) }
        guard let first = new.first else { return }
        isWhole = isWhole && first.sequence == last.sequence + 1 && new.haveNoGap
        // Whatever comes later, there were processes.
        for record in new where record.isFromKernel { note(record.text[...]) }
    }

    private mutating func noteTable(_ message: Substring) {
        guard message.startsWithBytes(of: "ACPI: "), KernelMessage.table.form.fits(message) else { return }
        for table in Self.knownTables where message.startsWithBytes(of: "ACPI: \(table) ") { tables.insert(table) }
    }

    private mutating func note(_ message: Substring) {
        noteTable(message)
        if let failure = KernelMessage.failure(in: message) {
            if failures.count == Self.mostFailures { failures.removeFirst() }
            failures.append(failure)
        } else if message.startsWithBytes(of: "PM: ") {
            if KernelMessage.suspend.form.fits(message) { suspends += 1 }
            if KernelMessage.hibernation.form.fits(message) { hibernations += 1 }
        } else if message.holds("decode range") {
            guard let ends = KernelMessage.decodeRange.form.addresses(in: message) else { return }
            if let range = AddressRange(start: ends[0], end: ends[1]) { failedDecodeRanges.append(range) }
        } else if message.holds("CXL") {
            if KernelMessage.takingAll.form.fits(message) { takesAll = true }
            if KernelMessage.bridge.form.fits(message), !bridges.insert(message).inserted { hasBoundAgain = true }
            guard KernelMessage.probes.contains(where: { $0.form.fits(message) }) else { return }
            let what = message.fields(3).last?.utf8.prefix { $0 != UInt8(ascii: ":") }
            if message.holds(": \(Self.awaitingProbe): ") { awaitsProbe = true }
            if probeMessage == nil { probeMessage = what.map { String(Substring($0)) } }
        }
    }
}

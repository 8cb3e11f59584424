internal import Iomem
internal import Machine

// What has happened in this boot, and left no other trace.

/// Infers whether the one probe of dax_hmem that asks the CXL regions is over.
///
/// The kernel keeps that in `hmem_platform.did_probe` (drivers/dax/hmem/device.c, 7.1 on) and shows it nowhere. It is
/// set by a probe that met a window over an HMEM range, and only a reboot resets it. That a probe met a window shows in
/// what dax_hmem did not take. That none did is harder, since modules may have come and gone: it is a remembered fact, or
/// the kernel log goes back to the boot and shows that no window has been there (`LoggedFacts.hasHostBridge`).
/// On other generations there is no such probe: the value is `unknown`, and the evidence says so.
struct InitialProbeInference {
    let state: MachineState
    let log: LoggedFacts
    let facts: RememberedFacts?

    func find() -> Inferred<InitialProbe> {
        if let generation = state.kernel.generation.value,
            [.hmemOnly, .deferring, .allOrNothing].contains(generation)
        {
            return Inferred(
                .unknown,
                evidence: ["A kernel of the generation \(generation.rawValue) has no initial probe."]
            )
        }
        let met = windowRanges()
        guard !met.isEmpty else {
            return Inferred(
                .unknown,
                evidence: ["No Soft Reserved range overlaps a CXL window, so no probe can have found one."]
            )
        }
        let proofs = [logProof(), unownedProof(met), orderProof(), imageProof()].compactMap { $0 }
        if !proofs.isEmpty { return Inferred(.done, evidence: proofs) }
        if let probe = facts?.initialProbe {
            return Inferred(
                probe,
                evidence: ["\(RememberedFacts.path) has \"\(probe.rawValue)\", written in this boot."]
            )
        }
        if let proof = earlyProof() { return Inferred(.pending, evidence: [proof]) }
        return Inferred(.unknown, evidence: [doubt(met), silence])
    }

    /// Why no other source tells. Neither sysfs nor `/proc/modules` keeps a trace of a module that has gone; the journal
    /// has only the lines of the kernel log, and those of dax_hmem only if somebody enabled them.
    private var silence: String {
        if log.isEmpty { return "There is no kernel log that could show a probe." }
        return
            (log.isWhole
            ? "The kernel log goes back to the boot and has no message of such a probe"
            : "The kernel log has lost its beginning, and the rest has no message of such a probe")
            + ". That proves nothing: dax_hmem prints these messages only at debug level (dax_hmem.dyndbg=+p)."
    }

    /// The parts of HMEM ranges that lie in a window, live or not; with an HMAT, of the whole ranges of the SRAT.
    private func windowRanges() -> [AddressRange] {
        Set(state.softReserved.compactMap(\.hmemRange)).flatMap { range in
            state.windows.compactMap { $0.range.intersection(range) }
        }.sorted()
    }

    private func logProof() -> String? {
        log.probeMessage.map { "The kernel log has \"\($0)\": a probe of dax_hmem found a CXL window." }
    }

    /// A probe that meets no window takes every range. So a range in a window that dax_hmem, being loaded, did not take
    /// was left to CXL, by a probe that met the window.
    private func unownedProof(_ met: [AddressRange]) -> String? {
        guard [.live, .builtin].contains(state.modules.state(of: "dax_hmem")), hasEveryDevice,
            !state.hmemSettings.isDisabled
        else {
            return nil
        }
        let held = state.daxDevices.filter { $0.owner == .hmem }.flatMap(\.ranges)
        guard let range = met.first(where: { range in !held.contains { $0.overlaps(range) } }) else { return nil }
        let place = state.modules.loaded["dax_hmem"] == nil ? "The kernel image" : "/proc/modules"
        return "\(place) has dax_hmem, which did not take \(range): its probe found a CXL window."
    }

    /// Every hmem device has its driver and a dax device: none of the ranges that dax_hmem took is out of sight.
    private var hasEveryDevice: Bool {
        state.hmemDevices.allSatisfy { device in
            device.isBound && state.daxDevices.contains { $0.through == device.name && !$0.ranges.isEmpty }
        }
    }

    /// dax_hmem came after `cxl_acpi`, and the window is there: its probe met the window, unless `ACPI0017:00` was
    /// unbound just then, which nothing but a person does.
    private func orderProof() -> String? {
        guard state.modules.state(of: "dax_hmem") == .live, state.modules.state(of: "cxl_acpi") == .live,
            !state.hmemSettings.isDisabled,
            let hmem = state.modules.loaded["dax_hmem"], let acpi = state.modules.loaded["cxl_acpi"],
            hmem.position < acpi.position, let range = liveWindowRange
        else { return nil }
        return "/proc/modules shows that dax_hmem was loaded after cxl_acpi, whose window overlaps \(range)."
    }

    /// In the kernel image, `cxl_acpi` is bound before any module can be loaded (drivers/cxl/acpi.c: subsys_initcall()). If it was
    /// bound no second time, it has not been unbound: the probe of dax_hmem, a module, met the window.
    private func imageProof() -> String? {
        guard state.modules.state(of: "dax_hmem") == .live, state.modules.state(of: "cxl_acpi") == .builtin,
            !state.hmemSettings.isDisabled, log.isWhole, log.hasHostBridge, !log.hasBoundAgain,
            let range = liveWindowRange
        else { return nil }
        return
            "cxl_acpi is built into the kernel, and the kernel log has \"\(LoggedFacts.bridgeMark)\" once for each bridge: it "
            + "has been bound since the boot, and its window overlaps \(range)."
    }

    /// The first HMEM range that meets a window which is there.
    private var liveWindowRange: AddressRange? {
        state.softReserved.lazy.compactMap(\.hmemRange).first { range in
            state.windows.contains { $0.isLive && $0.range.overlaps(range) }
        }
    }

    /// No window can have been met where none was there: `cxl_acpi` has bound no host bridge in this boot.
    ///
    /// That dax_hmem is older than `cxl_acpi` in `/proc/modules` proves nothing: dax_hmem_init() asks for `cxl_acpi` before
    /// it registers its driver, so the probe of the older module meets the window of the younger one.
    private func earlyProof() -> String? {
        guard log.isWhole, !log.hasHostBridge, !state.windows.contains(where: \.isLive) else { return nil }
        return
            "The kernel log goes back to the boot and has no \"\(LoggedFacts.bridgeMark)\": there was no CXL window in this "
            + "boot."
    }

    private func doubt(_ met: [AddressRange]) -> String {
        let file = "/proc/modules"
        switch state.modules.state(of: "dax_hmem") {
        case .live: break
        case .unknown: return "the recording does not include the loaded modules, nor what dax_hmem did since the boot."
        default:
            return "\(file) has no dax_hmem now. It may have been loaded and unloaded since the boot."
        }
        let ranges = met.words
        return "dax_hmem owns \(ranges): its probe found no CXL window, or no region that contains the range."
    }
}

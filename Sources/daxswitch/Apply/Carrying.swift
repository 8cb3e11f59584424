extension Proposal {
    /// Carries the plan out.
    func carryOut(mayRollBack: Bool, into report: inout ApplyReport) throws {
        throw Failure(.missing, code: "unfinished", "apply can't carry out plans yet")
    }
}

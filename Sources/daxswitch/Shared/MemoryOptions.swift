import ArgumentParser
import Ownership

/// `--offline-memory` and `--leave-idle`.
struct MemoryOptions: ParsableArguments {
    @Flag(help: "Take memory that is online in the way offline first, and put it to the use it had afterwards.")
    var offlineMemory = false

    @Flag(help: "Leave memory that was taken offline as its new driver brings it, instead of putting it to use again.")
    var leaveIdle = false

    /// The policy, with what was consented to on the command line.
    func consenting(_ policy: Policy) -> Policy {
        var policy = policy
        if offlineMemory { policy.consent.offlineMemory = true }
        return policy
    }
}

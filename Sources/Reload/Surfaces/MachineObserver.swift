package import Inspection
package import Machine

/// Reads this machine and listens to it, from before a plan is made until it is carried out.
package struct MachineObserver {
    private let state: StateDirectory
    let inspector: Inspector
    let waiter: UeventWaiter

    /// Listens from now on to the machine whose state is in `state`.
    package init(_ state: StateDirectory) {
        self.state = state
        inspector = Inspector(root: state.root, isOfRun: true)
        waiter = UeventWaiter(watching: state.udev)
    }

    /// The machine as it is now, and single files of it.
    ///
    /// - Throws: As `Inspector.read(with:)`.
    package func read(
        with paths: [String]
    ) throws(InspectionError) -> (reading: Reading, files: [String: [UInt8]?]) {
        let start = waiter.now
        let (machine, files) = try inspector.read(with: paths)
        return (Reading(machine: machine, start: start, end: waiter.now), files)
    }

    /// The machine once no module is being loaded or removed.
    ///
    /// - Throws: `ReloadError` as `MachineReader.readAtRest(_:deadlines:)` does.
    package func readAtRest() throws(ReloadError) -> MachineState {
        try RunningMachine(state, inspector: inspector).readAtRest(waiter)
    }
}

import Reload

extension Surfaces {
    /// The real surfaces of this machine. From now on signals that ask for an end are counted.
    static func ofThisMachine(_ state: StateDirectory) -> Surfaces {
        let running = RunningMachine(state)
        return Surfaces(
            modules: LibkmodModules(),
            hold: DropInHold(state),
            memory: SysfsMemory(),
            machine: running,
            messages: KmsgMessages(),
            waiter: UeventWaiter(),
            interrupts: SignalInterrupts(),
            facts: running,
            journal: JournalFile(state)
        )
    }
}

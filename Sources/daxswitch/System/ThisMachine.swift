import Reload

extension Surfaces {
    /// The real surfaces of this machine. From now on signals that ask for an end are counted.
    static func ofThisMachine(_ state: StateDirectory) -> Surfaces {
        let running = RunningMachine(state)
        let waiter = UeventWaiter()
        return Surfaces(
            modules: LibkmodModules(),
            hold: DropInHold(state, udev: RunningUdev(waiter: waiter)),
            memory: SysfsMemory(),
            machine: running,
            messages: KmsgMessages(),
            waiter: waiter,
            interrupts: SignalInterrupts(),
            facts: running,
            journal: JournalFile(state)
        )
    }
}

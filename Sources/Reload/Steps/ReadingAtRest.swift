package import Machine
internal import Ownership

extension MachineReader {
    /// The machine as it is now; while it changes under the reader, it is read again until the deadline of a step.
    func readWhole(_ waiter: any Waiter, _ deadlines: Deadlines) throws(ReloadError) -> MachineState {
        let start = waiter.now
        while true {
            do {
                return try read()
            } catch {
                guard error.isRetryable, waiter.now - start < deadlines.step else { throw error }
            }
            waiter.wait(upTo: deadlines.interval)
        }
    }

    /// The machine once no module is being loaded or removed, as udev or a call of a process that was killed may still do;
    /// as it is at the deadline of a step, where that goes on.
    ///
    /// - Throws: `ReloadError` as `read()` does.
    package func readAtRest(_ waiter: any Waiter, deadlines: Deadlines = Deadlines()) throws(ReloadError)
        -> MachineState
    {
        let start = waiter.now
        while true {
            let machine = try readWhole(waiter, deadlines)
            guard machine.moduleInChange != nil, waiter.now - start < deadlines.step else { return machine }
            waiter.wait(upTo: deadlines.interval)
        }
    }
}

extension MachineState {
    /// Whether nothing has changed since `earlier` but what memory there is to spare, which never rests.
    func isSteady(since earlier: MachineState) -> Bool {
        var earlier = earlier
        earlier.memory.room = memory.room
        return self == earlier
    }
}

/// Whether a person lets a command change something: `--yes`, or an answer on a terminal.
///
/// Asked for last: what is refused, or has nothing to do, ends so with and without a terminal.
struct Confirmation {
    private let command: String
    private let isGiven: Bool

    /// - Parameter isGiven: `--yes`.
    init(of command: String, isGiven: Bool) {
        self.command = command
        self.isGiven = isGiven
    }

    /// Asks, unless it is given.
    ///
    /// - Throws: `Failure`: usage if nobody can be asked, else that it was not confirmed.
    func ask(_ question: String) throws(Failure) {
        if isGiven { return }
        guard Output.canAsk else {
            throw Failure(
                .usage,
                code: "not-confirmed",
                "\(command) can't ask without a terminal. Use --yes or --dry-run"
            )
        }
        guard Output.isConfirmed(question) else {
            throw Failure(.failed, code: "not-confirmed", "not confirmed; nothing was changed")
        }
    }
}

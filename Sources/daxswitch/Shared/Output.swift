import Glibc
import LinuxSystem
import Synchronization

/// Standard output and standard error.
enum Output {
    /// Lines for people, broken to fit the terminal.
    ///
    /// - Parameter isWhole: Each stays one line, however long: one machine among many, or a verdict for grep(1).
    static func print(_ lines: [Line], isWhole: Bool = false) {
        guard !lines.isEmpty else { return }
        let width = Terminal.current.width
        let broken = isWhole ? lines : lines.flatMap { $0.broken(at: width) }
        write(broken.map(\.rendered).joined(separator: "\n") + "\n", to: STDOUT_FILENO)
    }

    /// A document for programs.
    static func print(_ document: JSONValue) {
        write(document.rendered, to: STDOUT_FILENO)
    }

    /// Text with its line ends, for another program.
    static func print(whole text: String) { write(text, to: STDOUT_FILENO) }

    /// A document on one line.
    static func print(line document: JSONValue) {
        write(document.renderedLine + "\n", to: STDOUT_FILENO)
    }

    /// Why not all of standard output was written, as on a full disk; nil where it was, or where nobody reads it.
    static var loss: String? {
        let number = lost.load(ordering: .relaxed)
        return number == 0 || number == EPIPE ? nil : ErrorNumber(number).text
    }

    private static let lost = Atomic<Int32>(0)

    /// A diagnostic, after the tool's name; escaped.
    static func complain(_ message: String) {
        write("daxswitch: \(message.escaped())\n", to: STDERR_FILENO)
    }

    /// What another process of the tool has written to its standard error.
    static func pass(complaints: [UInt8]) {
        if !complaints.isEmpty { write(String(decoding: complaints, as: UTF8.self), to: STDERR_FILENO) }
    }

    /// A line about what goes on, for a terminal on which a person watches; escaped.
    static func explain(_ message: String) { write(message.escaped() + "\n", to: STDERR_FILENO) }

    /// What the parser of the command line has to say, which quotes the words that it was given: escaped, but for line ends.
    static func explainUsage(_ message: String) {
        write(message.escaped(keepsLines: true) + "\n", to: STDERR_FILENO)
    }

    /// Replaces the line that standard error, a terminal, stands in; escaped.
    static func overwrite(_ line: String) { write("\r\u{1b}[K\(line.escaped())", to: STDERR_FILENO) }

    /// Whether a person says yes to `question`, which is put where they see it although standard output goes elsewhere.
    static func isConfirmed(_ question: String) -> Bool {
        write(question.escaped(), to: STDERR_FILENO)
        return ["y", "yes"].contains(readLine()?.lowercased())
    }

    /// Whether standard input is a terminal, so somebody can answer.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether standard error is a terminal, on which a line can be replaced.
    static var complaintsAreSeen: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The columns of the terminal on standard output; nil without a terminal. A serial console may have no width either.
    static var columns: Int? {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// The rows of that terminal; nil if they are not known.
    static var rows: Int? {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
        return Int(size.ws_row)
    }

    /// Whether nobody can read standard output: the other end of the pipe is closed, or the terminal is gone.
    static var isClosed: Bool {
        var watched = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        let isGone = unsafe poll(&watched, 1, 0) > 0 && watched.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        return isGone || lost.load(ordering: .relaxed) != 0
    }

    /// Writes what a child that went on as this process has printed.
    static func pass(_ printed: [Supervision.Printed]) {
        for part in printed { write(part.bytes, to: part.descriptor) }
    }

    private static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        if Supervision.print(bytes, to: descriptor) { return }
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                if descriptor == STDOUT_FILENO { lost.store(errno, ordering: .relaxed) }
                return
            }
            bytes = bytes.dropFirst(written)
        }
    }
}

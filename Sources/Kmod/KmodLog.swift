private import CKmod

/// A line of libkmod's log.
package struct KmodLogLine: Sendable, Equatable {
    /// As in syslog(3): 3 error, 4 warning, 6 information.
    package let priority: Int32
    /// The text, without the newline.
    package let text: String
}

/// Holds what libkmod's log callback points to. It must outlive the context that it is set on.
@safe
final class LogSink {
    private let handler: @Sendable (KmodLogLine) -> Void
    private let sink: UnsafeMutablePointer<ckmod_log_sink>

    init(_ handler: @escaping @Sendable (KmodLogLine) -> Void) {
        self.handler = handler
        unsafe sink = .allocate(capacity: 1)
        unsafe sink.initialize(to: ckmod_log_sink(write: Self.write, context: nil))
        unsafe sink.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        unsafe sink.deallocate()
    }

    func attach(to context: borrowing ContextHandle) {
        unsafe ckmod_set_log_sink(context.pointer, sink)
    }

    private static let write: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void = {
        guard let context = unsafe $0, let message = unsafe $2 else { return }
        let log = unsafe Unmanaged<LogSink>.fromOpaque(context).takeUnretainedValue()
        var text = unsafe Substring(String(cString: message))
        while text.hasSuffix("\n") { text.removeLast() }
        log.handler(KmodLogLine(priority: $1, text: String(text)))
    }
}

package import LinuxSystem

/// Why something about a module didn't work.
package struct KmodError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, for programs.
    package enum Code: Sendable, Equatable {
        /// No module of that name or alias in the modules directory.
        case notFound
        /// The string can't be the name of a module or an alias.
        case invalidName
        /// The modules directory has no `modules.dep.bin`: depmod never ran on it, or it isn't a modules directory.
        case noIndex
        /// An index that depmod wrote is damaged; libkmod 30 would crash on it. The path of the file.
        case corruptIndex(String)
        /// A file below `/proc` or `/sys`, or a module's file, can't be read or understood.
        case unreadable
        /// Part of the kernel image: neither inserted nor removed.
        case builtin
        /// Not loaded, so it can't be removed.
        case notLoaded
        /// Other modules or the kernel hold it: the modules by name, and the reference count where it is known.
        case inUse(holders: [String], references: Int?)
        /// The kernel is still loading or removing it, or a module that it needs.
        case busy
        /// Loaded, but without a way out: it has no exit function.
        case permanent
        /// A modprobe.d `install` command stands in for the module. Commands are never run; this is its text.
        case installCommand(String)
        /// The caller lacks CAP_SYS_MODULE, or lockdown or `module_blacklist=` forbids the module.
        case notPermitted
        /// `/proc/sys/kernel/modules_disabled` is 1: nothing is loaded or removed until the next boot.
        case disabled
        /// The running kernel was built without loadable modules.
        case unsupported
        /// The kernel doesn't take the file: wrong format, wrong kernel, unknown symbol, bad signature.
        case rejected
        /// A change was asked for, but the module states come from a recorded root directory.
        case recordedRoot
        /// Anything else; `cause` has the number.
        case failed
    }

    /// The kind of failure.
    package let code: Code
    /// One sentence for a person, with the module's name or the file in it.
    package let message: String
    /// What the kernel or libkmod said; nil where the failure was found before either was asked.
    package let cause: ErrorNumber?

    /// A failure of one kind, with the sentence that tells it.
    package init(_ code: Code, _ message: String, cause: ErrorNumber? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The same call may work a moment later without anybody doing anything about it.
    package var isRetryable: Bool {
        switch code {
        case .busy: true
        // With a holder it lasts until the holder goes; without one it is a reference that somebody has just now.
        case .inUse(let holders, _): holders.isEmpty
        case .failed: cause.map { Self.passing.contains($0.number) } ?? false
        default: false
        }
    }

    /// The sentence, and the cause where there is one.
    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}

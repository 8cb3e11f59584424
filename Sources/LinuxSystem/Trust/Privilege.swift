/// What the process may do, and whether it sees the host.
package struct Privilege: Sendable {
    /// A capability, by its bit (include/uapi/linux/capability.h).
    package enum Capability: UInt64, Sendable {
        /// CAP_SYS_MODULE.
        case module = 16
        /// CAP_SYS_ADMIN.
        case administration = 21
    }

    /// `CapEff` of `/proc/self/status`; nil where it can't be read.
    private let capabilities: UInt64?
    /// Where `/proc/self/ns/user` leads; nil where it can't be read.
    private let userNamespace: String?
    /// Where `/proc/self/ns/pid` leads; nil where it can't be read.
    private let pidNamespace: String?
    /// A directory that the host's programs have to share with us and that is another one for process 1; nil where there
    /// is unknown, or does not exist.
    package let ownDirectory: String?
    /// Whether it can be told which directory is `/` for process 1. It can't where `/proc` is not mounted, and without the
    /// right to look at process 1 (CAP_SYS_PTRACE, if that has more capabilities).
    package let isRootKnown: Bool

    /// What was found out about a process.
    package init(
        capabilities: UInt64?,
        userNamespace: String?,
        pidNamespace: String? = nil,
        ownDirectory: String? = nil,
        isRootKnown: Bool = true
    ) {
        self.capabilities = capabilities
        self.userNamespace = userNamespace
        self.pidNamespace = pidNamespace
        self.ownDirectory = ownDirectory
        self.isRootKnown = isRootKnown
    }

    /// Of this process.
    package static var current: Privilege {
        let text = try? TextFile.read("/proc/self/status", upTo: 1 << 20)
        let line = text?.lines.first { $0.hasPrefix("CapEff:") }
        let directories = ["/", "/run"]
        let found = answers(
            directories.map { path in
                ("/proc/1/root\(path)", { isOther(path, than: "/proc/1/root\(path)") })
            } + [("/proc/1/root/", { (try? FileStatus("/proc/1/root/")) != nil })]
        )
        return Privilege(
            capabilities: line.flatMap { UInt64($0.dropFirst("CapEff:".count).trimmed, radix: 16) },
            userNamespace: File.linkTarget("/proc/self/ns/user"),
            pidNamespace: File.linkTarget("/proc/self/ns/pid"),
            ownDirectory: zip(directories, found).first { $0.1 }?.0,
            isRootKnown: found[directories.count]
        )
    }

    /// Whether two paths lead to different directories. A mount namespace of our own is no reason to refuse: that is how
    /// systemd makes a unit's file systems read-only, and they are the same ones nevertheless.
    package static func isOther(_ path: String, than second: String) -> Bool {
        guard let ours = try? FileStatus(path), let theirs = try? FileStatus(second) else { return false }
        return !ours.isSameFile(as: theirs)
    }

    /// What is found out about each path, which may not answer: then it is false. All in one child process; only if one doesn't
    /// answer, each in one of its own.
    private static func answers(_ questions: [(path: String, ask: () -> Bool)]) -> [Bool] {
        func answered(_ questions: [(path: String, ask: () -> Bool)]) -> [Bool]? {
            let bytes = try? WatchedReading().answer { note in
                questions.map { question in note.during(question.path) { question.ask() ? 1 : 0 } }
            }
            return bytes.flatMap { $0.count == questions.count ? $0.map { $0 == 1 } : nil }
        }
        return answered(questions) ?? questions.map { answered([$0]) == [true] }
    }

    /// Whether the process has not `capability`; false where that can't be read.
    package func lacks(_ capability: Capability) -> Bool {
        capabilities.map { $0 & 1 << capability.rawValue == 0 } ?? false
    }

    /// The user namespace, if it is not the host's (PROC_USER_INIT_INO, include/linux/proc_ns.h).
    package var ownUserNamespace: String? { userNamespace == "user:[4026531837]" ? nil : userNamespace }

    /// The PID namespace, if it is not the host's (PROC_PID_INIT_INO).
    package var ownPIDNamespace: String? { pidNamespace == "pid:[4026531836]" ? nil : pidNamespace }
}

internal import FoundationEssentials
package import Inspection
import LinuxSystem

/// The system that a choice is written to: its files, its mounts, and what makes its initramfs.
package struct BootSystem {
    /// What stands before every path; empty for this machine.
    let root: String
    let tree: any FileTree
    /// It was recorded: there is no such host here.
    package let isRecorded: Bool
    private let run: Run
    /// Runs a program that lists an image, and returns what it prints; nil if it fails.
    let list: List
    /// What this process has seen in images.
    let seen = SeenImages()

    /// Runs a program and returns its exit status; if `goesOn` is false, stops it and throws `SystemError` `.ended`.
    package typealias Run = (_ command: [String], _ goesOn: () -> Bool) throws -> Int32

    /// Runs a program and returns what it prints, within a time; nil if its exit status is not 0.
    package typealias List = (_ command: [String], _ limit: Duration) throws -> [UInt8]?

    /// How long building the images of all kernels may take: minutes for one on a slow disk.
    private static let buildingTime = Duration.seconds(30 * 60)

    /// What `status` and `verify` look at on every machine: it can be read together with the machine.
    package static let filesBesideMachine = [ChoiceJournal.path, ImageRecord.path]

    /// The system below `root`; "" is this machine. What is `known` of its files, by path, is not read again.
    package init(
        root: String = "",
        known: [String: [UInt8]?] = [:],
        run: @escaping Run = { try ProgramRun.status(of: $0, within: Self.buildingTime, while: $1) },
        list: @escaping List = { try ProgramRun.output(of: $0, within: $1) }
    ) {
        self.root = root
        self.run = run
        self.list = list
        tree = PatientTree(root: root, known: known)
        isRecorded = false
    }

    /// The same system, of which nothing is known yet.
    package var unread: BootSystem { BootSystem(root: root, run: run, list: list) }

    /// The system in `tree`, which was recorded.
    init(tree: any FileTree) {
        self.tree = tree
        root = ""
        isRecorded = true
        run = { command, _ in
            throw PersistenceError(.unavailable, "\(command.joined(separator: " ")) is not run for a capture")
        }
        list = { _, _ in nil }
    }

    /// Whether what is written will last, from the mount table.
    package var kind: SystemKind {
        SystemKind(
            mountinfo: tree.optionalText("/proc/self/mountinfo"),
            osRelease: tree.optionalText("/etc/os-release"),
            exists: tree.exists
        )
    }

    /// What makes the initramfs, by its programs; nil where nothing known is there.
    package var builder: InitramfsBuilder? { InitramfsBuilder.find { tree.exists($0) } }

    /// The texts of our paths that are there.
    package func present() throws -> [String: String] {
        var texts: [String: String] = [:]
        for path in PersistedFile.paths { texts[path] = try tree.text(path) }
        return texts
    }

    /// Replaces a file as one act, written out to the disk, or removes it if `text` is nil.
    package func put(_ text: String?, at path: String) throws(PersistenceError) {
        do throws(SystemError) {
            if let text {
                try WholeFile.write(Array(text.utf8), to: root + path)
            } else {
                try WholeFile.remove(root + path)
            }
        } catch {
            throw PersistenceError(error)
        }
    }

    /// Replaces a file of others as one act: its mode and its owner stay, and so does what lies beside it.
    func edit(_ text: String, at path: String) throws(PersistenceError) {
        do throws(SystemError) {
            try WholeFile.replace(root + path, with: Array(text.utf8))
        } catch {
            throw PersistenceError(error)
        }
    }

    /// What a `persist` found that was interrupted, or is running; nil without such a `persist`.
    ///
    /// - Throws: `PersistenceError` `.damagedJournal`; `.unavailable` or `.notAnswering` if it can't be read.
    package func journal() throws(PersistenceError) -> ChoiceJournal? {
        let bytes: [UInt8]?
        do { bytes = try tree.read(ChoiceJournal.path) } catch { throw PersistenceError(error) }
        return try bytes.map { bytes throws(PersistenceError) in try ChoiceJournal(parsing: bytes) }
    }

    /// Replaces the journal.
    func write(_ journal: ChoiceJournal) throws(PersistenceError) {
        do { try WholeFile.write(journal.serialized(), to: root + ChoiceJournal.path) } catch let error as SystemError {
            throw PersistenceError(error)
        } catch let error as PersistenceError {
            throw error
        } catch {
            throw PersistenceError(.unavailable, "\(error)")
        }
    }

    /// Removes the journal: everything is done, or as before.
    func removeJournal() throws(PersistenceError) { try put(nil, at: ChoiceJournal.path) }

    /// The configuration of modprobe that the next boot has, from the directories of modprobe.d(5).
    package var configuration: ModprobeConfiguration { ModprobeConfiguration.ofNextBoot(tree) }

    /// The images of the kernels that have a `modules.dep`: dracut makes an image for just those, initramfs-tools for some of them.
    package var images: InitramfsImages {
        // A capture has no images.
        if isRecorded { return InitramfsImages(stamps: [:]) }
        guard tree.isLive else { return InitramfsImages(stamps: stamps()) }
        // All in one child process; only if something doesn't answer, each question in one of its own.
        let answer = try? WatchedReading().answer { note in
            let system = BootSystem(tree: WatchedTree(DirectoryTree(root: root), noting: note))
            let stamps = system.stamps { place in note.during(place) { Self.look(at: place) } }
            return (try? JSONEncoder().encode(stamps)).map { Array($0) } ?? []
        }
        let stamps = answer.flatMap { try? [String: ImageStamp](json: $0) }
        return InitramfsImages(stamps: stamps ?? self.stamps())
    }

    private func stamps() -> [String: ImageStamp] { stamps(look: stamp) }

    private func stamps(look: (_ place: String) -> ImageStamp?) -> [String: ImageStamp] {
        let directories = InitramfsImages.bootDirectories
        let tokens = directories.flatMap { directory in names(directory).map { "\(directory)/\($0)" } }
        var stamps: [String: ImageStamp] = [:]
        for release in releases {
            for place in InitramfsImages.places(release: release, tokens: tokens) {
                stamps[place] = look(place)
            }
        }
        return stamps
    }

    /// The kernels that have a `modules.dep`.
    var releases: [String] { names("/lib/modules").filter { tree.exists("/lib/modules/\($0)/modules.dep") } }

    /// Nil if there is no such file, or it doesn't answer.
    private func stamp(_ place: String) -> ImageStamp? {
        guard tree.isLive else { return Self.look(at: root + place) }
        let answer = try? WatchedReading().answer { note in
            note.during(place) { Self.look(at: place).flatMap { try? JSONEncoder().encode($0) } }.map { Array($0) }
                ?? []
        }
        return answer.flatMap { try? ImageStamp(json: $0) }
    }

    /// Nil if no file is at `path`, which may be a link.
    private static func look(at path: String) -> ImageStamp? {
        guard let status = try? FileStatus(path) else { return nil }
        return ImageStamp(size: status.size, modified: status.modified, changed: status.changed)
    }

    func names(_ directory: String) -> [String] { ((try? tree.list(directory)) ?? nil) ?? [] }

    /// Whether something is at a path.
    func exists(_ path: String) -> Bool { tree.exists(path) }

    /// The bytes of a small file; nil if it does not exist or can't be read.
    func read(_ path: String) -> [UInt8]? { (try? tree.read(path)) ?? nil }

    /// Has the builder make the images again; what it prints goes to standard error.
    ///
    /// - Throws: `PersistenceError` `.notRebuilt`; `.interrupted` if it was stopped, `.halfDone` if it doesn't end.
    package func rebuild(
        _ builder: InitramfsBuilder,
        while goesOn: () -> Bool = { true }
    ) throws(PersistenceError) {
        try perform(builder.command, failing: .notRebuilt, while: goesOn)
    }

    /// Runs a program of the system to its end.
    ///
    /// - Throws: `PersistenceError` `.interrupted` if it was stopped, `.halfDone` if it doesn't end, `failure` if it fails.
    func perform(
        _ command: [String],
        failing failure: PersistenceError.Code,
        while goesOn: () -> Bool
    ) throws(PersistenceError) {
        let status: Int32
        do { status = try run(command, goesOn) } catch {
            switch (error as? SystemError)?.code {
            case .ended?, .timedOut?: throw PersistenceError(.interrupted, "\(error)")
            case .hung?: throw PersistenceError(.halfDone, "\(error). Reboot, then run `daxswitch recover`")
            default: throw PersistenceError(failure, "\(error)")
            }
        }
        guard status == 0 else {
            throw PersistenceError(failure, "\(command.joined(separator: " ")) failed with exit status \(status)")
        }
    }
}

extension FileTree {
    fileprivate func optionalText(_ path: String) -> String { ((try? text(path)) ?? nil) ?? "" }
}

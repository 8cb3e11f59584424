package import Inspection
import LinuxSystem

/// The system that a choice is written to: its files, its mounts, and what makes its initramfs.
package protocol BootSystem {
    /// Whether what is written will last.
    var kind: SystemKind { get }
    /// What makes the initramfs; nil where nothing known is there.
    var builder: InitramfsBuilder? { get }
    /// The texts of our paths that are there.
    func present() throws -> [String: String]
    /// Replaces a file as one act.
    func write(_ text: String, to path: String) throws
    /// Removes a file.
    func remove(_ path: String) throws
    /// The configuration of modprobe that the next boot has.
    var configuration: ModprobeConfiguration { get }
    /// The images that the builder makes, as far as they are known.
    var images: InitramfsImages { get }
    /// Makes the images anew.
    /// - Throws: `PersistenceError` `.notRebuilt`.
    func rebuild(_ builder: InitramfsBuilder) throws
}

/// This machine, or a directory that stands for `/`.
package struct RunningSystem: BootSystem {
    private let root: String
    private let tree: DirectoryTree

    /// The system below `root`; "" is this machine.
    package init(root: String = "") {
        self.root = root
        tree = DirectoryTree(root: root)
    }

    /// From the mount table.
    package var kind: SystemKind {
        SystemKind(
            mountinfo: tree.optionalText("/proc/self/mountinfo"),
            isOSTree: tree.exists("/run/ostree-booted")
        )
    }

    /// By its programs.
    package var builder: InitramfsBuilder? { InitramfsBuilder.find { tree.exists($0) } }

    /// The texts of our paths that are there.
    package func present() throws -> [String: String] {
        var texts: [String: String] = [:]
        for path in BootFile.paths { texts[path] = try tree.text(path) }
        return texts
    }

    /// Replaces a file as one act, written out to the disk.
    package func write(_ text: String, to path: String) throws {
        do { try WholeFile.write(Array(text.utf8), to: root + path) } catch { throw PersistenceError(error) }
    }

    /// Removes a file.
    package func remove(_ path: String) throws {
        do { try WholeFile.remove(root + path) } catch { throw PersistenceError(error) }
    }

    /// From the directories of modprobe.d(5).
    package var configuration: ModprobeConfiguration { ModprobeConfiguration(tree, isOfNextBoot: true) }

    /// Of the kernels that have a `modules.dep`: dracut makes an image for just those, initramfs-tools for some of them.
    package var images: InitramfsImages {
        let directories = InitramfsImages.bootDirectories
        let tokens = directories.flatMap { directory in names(directory).map { "\(directory)/\($0)" } }
        var written: [String: Int] = [:]
        for release in names("/lib/modules") where tree.exists("/lib/modules/\(release)/modules.dep") {
            for place in InitramfsImages.places(release: release, tokens: tokens) { written[place] = modified(place) }
        }
        return InitramfsImages(written: written, configurationChanged: modified("/etc/modprobe.d"))
    }

    private func names(_ directory: String) -> [String] { ((try? tree.list(directory)) ?? nil) ?? [] }

    private func modified(_ path: String) -> Int? { (try? FileStatus(root + path))?.modified }

    /// Runs the builder; what it prints goes to standard error.
    package func rebuild(_ builder: InitramfsBuilder) throws {
        let command = builder.command
        let status: Int32
        do {
            status = try ProgramRun.status(of: command)
        } catch {
            throw PersistenceError(.notRebuilt, "\(error)")
        }
        guard status == 0 else {
            throw PersistenceError(.notRebuilt, "\(command.joined(separator: " ")) ended \(status)")
        }
    }
}

extension FileTree {
    fileprivate func optionalText(_ path: String) -> String { ((try? text(path)) ?? nil) ?? "" }
}

internal import CKmod
private import Glibc
private import LinuxSystem
private import Machine

/// A command that modprobe's configuration puts in place of a module.
package struct InstallCommand: Sendable, Equatable {
    /// The module's name.
    package let module: String
    /// The command, for a shell.
    package let command: String

    /// A module and the command in its place.
    package init(module: String, command: String) {
        self.module = module
        self.command = command
    }
}

extension KmodContext {
    /// Finds out whether a module could be loaded: its file is there and can be opened, and so are those of the modules
    /// that it can't do without, as far as they are not in. Nothing is done, and what the kernel thinks of the files is
    /// not known.
    /// - Parameters:
    ///   - name: the module's name, not an alias.
    ///   - present: the modules that will be in by then.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func checkFiles(of name: String, besides present: Set<String>) throws(KmodError) {
        let module = try existing(name)
        guard let path = module.path else { return }
        var files: [String] = []
        if let listed = try neededFiles(of: path) {
            files = listed
        } else {
            module.dependencies.forEach { dependency in
                if let path = dependency.path { files.append(path) }
            }
        }
        for file in [path] + files {
            let name = Self.moduleName(file)
            guard !present.contains(name) else { continue }
            do throws(SystemError) {
                try Self.checkFile(file)
            } catch {
                throw KmodError(.unreadable, "\(file), the file of \(name), can't be read", cause: error.number)
            }
        }
    }

    /// The files that `modules.dep` lists for the module in `file`: lines `PATH: PATH PATH…` below the modules directory;
    /// nil where there is only its binary form.
    ///
    /// libkmod gives no dependency at all where the file of one is gone (kmod_module_new_from_path() looks for it).
    private func neededFiles(of file: String) throws(KmodError) -> [String]? {
        let list = "\(modulesDirectory)/modules.dep"
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File(list, O_RDONLY, follows: true).readAll()
        } catch {
            if error.code == .notFound { return nil }
            throw KmodError(.unreadable, "\(list) can't be read", cause: error.number)
        }
        let directory = "\(modulesDirectory)/"
        let prefix = Array("\(file.hasPrefix(directory) ? file.dropFirst(directory.count) : file[...]):".utf8)
        let line = bytes.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: prefix) }
        return (line?.dropFirst(prefix.count) ?? []).split(separator: UInt8(ascii: " ")).map { word in
            let path = String(decoding: word, as: UTF8.self)
            return path.hasPrefix("/") ? path : "\(modulesDirectory)/\(path)"
        }
    }

    /// The module in a file: `kernel/drivers/dax/dax_cxl.ko.xz` has `dax_cxl`.
    private static func moduleName(_ file: String) -> String {
        let last = file.split(separator: "/").last ?? ""
        return underscored(last.prefix { $0 != "." })
    }

    /// Finds out whether modprobe would run a command in place of a module, or of one that it can't do without. Nothing
    /// is done.
    /// - Parameters:
    ///   - name: the module's name, not an alias.
    ///   - present: the modules that will be in by then.
    ///   - passing: commands that will be gone by then.
    /// - Throws: `.installCommand`; `.notFound`, `.noIndex`, `.invalidName`.
    package func checkCommands(
        of name: String,
        besides present: Set<String>,
        passing: [InstallCommand]
    ) throws(KmodError) {
        let module = try existing(name)
        let needed = Set([module.name] + module.dependencies.names).subtracting(present)
        for command in commands(for: module, includingLoaded: true)
        where needed.contains(command.module) && !passing.contains(command) {
            throw .command(command)
        }
    }

    /// The commands that modprobe(8) would run to load a module, in order; nothing is done (KMOD_PROBE_DRY_RUN).
    /// - Parameter includingLoaded: also those of modules that are in now.
    func commands(for module: borrowing ModuleHandle, includingLoaded: Bool) -> [InstallCommand] {
        var flags = KMOD_PROBE_DRY_RUN.rawValue | KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY.rawValue
        if includingLoaded { flags |= KMOD_PROBE_IGNORE_LOADED.rawValue }
        let library = unsafe module.library
        let recorder = unsafe CommandRecorder(library)
        let pointer = unsafe module.pointer
        CommandRecorder.$current.withValue(recorder) {
            _ = unsafe library.pointee.kmod_module_probe_insert_module(
                pointer,
                flags,
                nil,
                nil,
                nil,
                CommandRecorder.printAction
            )
        }
        return recorder.commands
    }

    /// It can be opened and has a first byte.
    private static func checkFile(_ path: String) throws(SystemError) {
        let part = try File(path, O_RDONLY | O_NOCTTY | O_NONBLOCK, follows: true).readPart()
        if part.isEmpty { throw .failing("read \(path)", ENOEXEC) }
    }
}

/// Collects the commands that libkmod says it would run.
///
/// Its callback has no pointer of the caller's, hence the task-local value: it belongs to the thread that made the
/// call, which is the one that is called back.
@safe
private final class CommandRecorder: @unchecked Sendable {
    @TaskLocal static var current: CommandRecorder?

    private(set) var commands: [InstallCommand] = []
    private let library: UnsafePointer<libkmod>

    init(_ library: UnsafePointer<libkmod>) {
        unsafe self.library = library
    }

    static let printAction: @convention(c) (OpaquePointer?, Bool, UnsafePointer<CChar>?) -> Void = {
        (module, isCommand, _) in
        guard isCommand, let recorder = CommandRecorder.current, let module = unsafe module else { return }
        let library = unsafe recorder.library
        let command = unsafe library.pointee.kmod_module_get_install_commands(module).map { unsafe String(cString: $0) }
        recorder.commands.append(
            InstallCommand(module: unsafe text(library.pointee.kmod_module_get_name(module)), command: command ?? "")
        )
    }
}

private import CKmod
private import Glibc
private import LinuxSystem

extension KmodContext {
    /// Finds out whether a module could be loaded once others are out: its file is there and can be opened, and so are
    /// those of the modules that it can't do without, as far as they are not in. Nothing is done, and what the kernel
    /// thinks of the files is not known.
    /// - Parameters:
    ///   - name: the module's name, not an alias.
    ///   - removed: the modules that are in now and will be out.
    /// - Throws: `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func checkFiles(of name: String, without removed: Set<String>) throws(KmodError) {
        let module = try existing(name)
        guard let path = module.value.path else { return }
        var files = try dependencyHandles(of: module).values().compactMap(\.path)
        if let listed = try neededFiles(of: path) { files = listed }
        for file in [path] + files {
            let name = Self.moduleName(file)
            guard try isMissing(name, without: removed) else { continue }
            do throws(FileFailure) {
                try Self.checkFile(file)
            } catch {
                throw KmodError(.unreadable, "\(file), the file of \(name), can't be read", cause: error.cause)
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
        do throws(FileFailure) {
            bytes = try fileBytes(list)
        } catch {
            if error.isMissing { return nil }
            throw KmodError(.unreadable, "\(list) can't be read", cause: error.cause)
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
        return String(last.prefix { $0 != "." }.map { $0 == "-" ? "_" : $0 })
    }

    /// Finds out whether modprobe would run a command in place of a module, or of one that it can't do without, once
    /// others are out. Nothing is done.
    /// - Parameters:
    ///   - name: the module's name, not an alias.
    ///   - removed: the modules that are in now and will be out.
    ///   - passing: commands that will be gone by then.
    /// - Throws: `.installCommand`; `.notFound`, `.noIndex`, `.invalidName`, `.unreadable`.
    package func checkCommands(
        of name: String,
        without removed: Set<String>,
        passing: [InstallCommand]
    ) throws(KmodError) {
        let module = try existing(name)
        let needed = try [module.value.name] + dependencyHandles(of: module).values().map(\.name)
        for step in steps(of: module, includingLoaded: true) {
            guard case .command(let command) = step, needed.contains(command.module), !passing.contains(command),
                try isMissing(command.module, without: removed)
            else { continue }
            throw .command(command)
        }
    }

    private func isMissing(_ name: String, without removed: Set<String>) throws(KmodError) -> Bool {
        if removed.contains(name) { return true }
        return try isMissing(name)
    }

    /// It can be opened and has a first byte.
    private static func checkFile(_ path: String) throws(FileFailure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw .last }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        let count = unsafe read(descriptor, &byte, 1)
        if count < 0 { throw .last }
        if count == 0 { throw FileFailure(cause: ErrorNumber(ENOEXEC)) }
    }
}

internal import FoundationEssentials
internal import LinuxSystem

/// What a `persist` that has not ended found before its first change.
///
/// It is in `/var/lib` and not in `/run`: the files and the images outlive the boot, so a power cut is no end of a run.
package struct ChoiceJournal: Sendable, Equatable, Codable {
    /// Where it is, below the root.
    package static let path = "/var/lib/daxswitch/persist.json"

    private static let version = 1

    private var schemaVersion = Self.version
    /// The text of each file that was there, by its path.
    package let files: [String: String]
    /// The images that were there, by their paths.
    package let images: [String: ImageStamp]
    /// Whether a builder was started: some images may have what is in the files now, and one may be half written.
    package var hasBuilt = false
    /// What the boot loader is put back to, once its configuration was about to be changed.
    package var bootLoader: FormerBootLoader?

    /// A boot loader as it was.
    package struct FormerBootLoader: Sendable, Equatable, Codable {
        /// Its name, as `BootLoader` has it.
        let name: String
        /// It had the parameter.
        let hadParameter: Bool

        private enum CodingKeys: String, CodingKey {
            case name
            case hadParameter = "had_parameter"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "schema_version"
        case files, images
        case hasBuilt = "has_built"
        case bootLoader = "boot_loader"
    }

    /// Before anything is changed.
    package init(files: [String: String], images: InitramfsImages) {
        self.files = files
        self.images = images.stamps
    }

    /// From the bytes of the file.
    ///
    /// - Throws: `PersistenceError` `.damagedJournal`.
    init(parsing bytes: [UInt8]) throws(PersistenceError) {
        guard let read = try? Self(json: bytes), read.schemaVersion == Self.version,
            Set(read.files.keys).isSubset(of: PersistedFile.paths)
        else {
            throw PersistenceError(
                .damagedJournal,
                "\(Self.path) can't be read, so what an earlier persist was doing is not known. Check "
                    + "\(PersistedFile.paths.joined(separator: " and ")), remove \(Self.path), then run persist again"
            )
        }
        self = read
    }

    /// The bytes of the file.
    ///
    /// - Throws: `PersistenceError` `.unavailable`.
    func serialized() throws(PersistenceError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw PersistenceError(.unavailable, "can't write \(Self.path): \(error)")
        }
    }
}

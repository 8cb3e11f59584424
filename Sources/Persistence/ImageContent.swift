internal import Inspection

/// What an image of the initramfs has of what decides about the memory. Pure.
///
/// The names and sizes of its files tell: the texts that daxswitch writes differ in size. Unpacking an image to compare
/// them would take hundreds of megabytes.
package struct ImageContent: Sendable, Equatable, Codable {
    /// The size of `/etc/modprobe.d/01-daxswitch.conf` in it, in bytes; nil if it has no such file.
    package let choiceSize: Int?
    /// Whether it has a module that a choice is about. One without loads none before the root file system is there, whose
    /// configuration then counts.
    package let hasModules: Bool

    private enum CodingKeys: String, CodingKey {
        case choiceSize = "choice_size"
        case hasModules = "has_modules"
    }

    /// What a builder puts into an image that it builds while `text` is what the file has; whether it takes the modules is
    /// not known.
    init(builtWith text: String?) {
        choiceSize = text?.utf8.count
        hasModules = true
    }

    /// From a listing as of `ls -l`: that of `lsinitramfs -l` (initramfs-tools) or of `lsinitrd` (dracut).
    init(listing: [UInt8]) {
        var size: Int?
        var hasModules = false
        for line in listing.split(separator: UInt8(ascii: "\n")) {
            // -rw-r--r--   1 root     root          312 Nov 26 09:00 etc/modprobe.d/01-daxswitch.conf
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count >= 9, fields[0].first == UInt8(ascii: "-") else { continue }
            let path = fields[8].drop { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".") }
            if path.elementsEqual(Inspector.persistedPath.utf8.dropFirst()) {
                size = Int(String(decoding: fields[4], as: UTF8.self))
            }
            let name = path.split(separator: UInt8(ascii: "/")).last ?? path
            hasModules = hasModules || Self.isModule(name)
        }
        choiceSize = size
        self.hasModules = hasModules
    }

    private static let modules = ["cxl_acpi", "cxl_core", "cxl_mem", "cxl_pci", "cxl_port", "dax_cxl", "dax_hmem"]

    /// Whether a file is one of these modules, compressed or not.
    private static func isModule(_ name: ArraySlice<UInt8>) -> Bool {
        let name = String(decoding: name, as: UTF8.self)
        return modules.contains { name.hasPrefix("\($0).ko") }
    }

    /// Whether the first modules of the next boot find `text`, nil being no file, where it counts.
    package func holds(_ text: String?) -> Bool { !hasModules || choiceSize == text?.utf8.count }
}

/// What tells that an image is the one that was looked into: it has not been written since.
package struct ImageStamp: Sendable, Equatable, Codable {
    /// In bytes.
    let size: Int
    /// When it was written, nanoseconds since 1970.
    let modified: Int
    /// When its inode was changed last, which nobody can set; nanoseconds since 1970.
    let changed: Int
}

/// What was seen in each image, by its path.
struct ImageRecord: Equatable, Codable {
    /// Where it is kept, below the root.
    static let path = "/var/lib/daxswitch/initramfs.json"

    struct Entry: Equatable, Codable {
        let stamp: ImageStamp
        let content: ImageContent
    }

    /// The images.
    var images: [String: Entry] = [:]

    /// What was seen in the image at `path`, if it is still the same one.
    func content(of path: String, _ stamp: ImageStamp) -> ImageContent? {
        images[path].flatMap { $0.stamp == stamp ? $0.content : nil }
    }
}

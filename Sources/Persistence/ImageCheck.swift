internal import FoundationEssentials
internal import Glibc
internal import Inspection
internal import LinuxSystem

/// Whether the images of the initramfs have what decides about the next boot.
package struct ImageCheck: Sendable, Equatable {
    /// The images that were seen without it.
    package let lacking: [String]
    /// The images that could not be looked into, and that were not built by a `persist`.
    package let unseen: [String]
    /// What was seen in the others and in those of `lacking`.
    let record: ImageRecord

    /// Whether the content of any image is known.
    package var hasSeenAny: Bool { !record.images.isEmpty }

    /// The images of which it can't be said that they have it, sorted.
    package var pending: [String] { (lacking + unseen).sorted() }
}

/// What this process has seen in images, so it looks into each once.
final class SeenImages {
    var record = ImageRecord()
}

extension BootSystem {
    /// How long listing an image may take; it is unpacked for that.
    private static let listingTime = Duration.seconds(60)

    /// Looks whether each image has the file that is there for the next boot, or none if none is there.
    ///
    /// An image that was looked into before, and not written since, is not looked into again. The time of an image alone
    /// proves nothing: clocks are set back.
    ///
    /// - Parameters:
    ///   - built: The images that a builder has just built: one that can't be looked into is believed to have it.
    ///   - looksInside: Whether images are looked into; if not, those that were not seen before are passed over.
    package func check(
        _ images: InitramfsImages,
        built: [String] = [],
        looksInside: Bool = true
    ) throws -> ImageCheck {
        let text = try present()[Inspector.persistedPath]
        var known = record().images
        known.merge(seen.record.images) { $1 }
        var record = ImageRecord()
        var (lacking, unseen) = ([String](), [String]())
        for (path, stamp) in images.stamps.sorted(by: { $0.key < $1.key }) {
            let content =
                ImageRecord(images: known).content(of: path, stamp) ?? (looksInside ? look(into: path) : nil)
                ?? (built.contains(path) ? ImageContent(builtWith: text) : nil)
            guard let content else {
                if looksInside { unseen.append(path) }
                continue
            }
            record.images[path] = ImageRecord.Entry(stamp: stamp, content: content)
            if !content.holds(text) { lacking.append(path) }
        }
        seen.record = record
        return ImageCheck(lacking: lacking, unseen: unseen, record: record)
    }

    /// Keeps what was seen, for the next time.
    package func keep(_ check: ImageCheck) throws(PersistenceError) {
        if check.record == record() { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(check.record) else { return }
        try put(String(decoding: data, as: UTF8.self) + "\n", at: ImageRecord.path)
    }

    /// Whether the content of any image was kept.
    package var hasRecord: Bool { !record().images.isEmpty }

    /// What was kept; what can't be read counts for nothing, as the images themselves can be looked into.
    private func record() -> ImageRecord {
        guard let bytes = read(ImageRecord.path) else { return ImageRecord() }
        return (try? ImageRecord(json: bytes)) ?? ImageRecord()
    }

    /// What is in an image; nil if no program here can tell.
    private func look(into image: String) -> ImageContent? {
        for command in InitramfsBuilder.listings where exists(command[0]) {
            if let listing = (try? list(command + [image], Self.listingTime)) ?? nil, !listing.isEmpty {
                return ImageContent(listing: listing)
            }
        }
        return nil
    }
}

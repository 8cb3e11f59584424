import FoundationEssentials
import LinuxSystem
package import Ownership

/// A plan or a prediction as a JSON document: what `--json` prints, and `--out` writes for `apply` and `verify`.
package enum PlanFile {
    /// The version of the document's schema.
    package static let schemaVersion = 1

    /// Reads a document, strictly: a key that is missing or unknown, a word that is not understood and a value that does not
    /// follow from the rest are errors.
    ///
    /// - Parameter file: What errors name.
    /// - Throws: `PlanFileError` with the path of the key.
    package static func parse(_ text: String, file: String) throws(PlanFileError) -> Plan {
        do {
            return try Plan(json: text.utf8)
        } catch let misfit as Misfit {
            throw PlanFileError(file: file, place: misfit.place, message: misfit.message)
        } catch {
            let misfit = Misfit(error)
            throw PlanFileError(file: file, place: misfit.place, message: misfit.message)
        }
    }
}

/// Why a saved plan can't be used.
package struct PlanFileError: Error, Equatable {
    /// The file.
    package let file: String
    /// The path of the key concerned, `request.want` or `steps[0].do`; nil if it is about the whole file.
    package let place: String?
    /// What is wrong.
    package let message: String

    /// An error.
    package init(file: String, place: String?, message: String) {
        self.file = file
        self.place = place
        self.message = message
    }
}

extension PlanFileError: CustomStringConvertible {
    /// `FILE: KEY: what is wrong`.
    package var description: String { [file, place, message].compactMap(\.self).joined(separator: ": ") }
}

/// A value as JSON text, with sorted keys.
package enum JSONText {
    /// On many lines, with a line end: for people, files and standard output.
    package static func document(_ value: some Encodable) -> String {
        text(value, [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]) + "\n"
    }

    /// On one line, without a line end.
    package static func line(_ value: some Encodable) -> String { text(value, [.sortedKeys, .withoutEscapingSlashes]) }

    private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        // Everything that daxswitch writes encodes: there is no floating point number that JSON can't express.
        guard let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }
}

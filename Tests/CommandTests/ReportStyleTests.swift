import Foundation
import Testing

@testable import daxswitch

@Suite("The colours of a report")
struct ReportStyleTests {
    /// The colours that a part of the style sheet sets, by name.
    private func colours(_ part: Substring) -> [String: UInt32] {
        var found: [String: UInt32] = [:]
        for match in part.matches(of: #/--([a-z-]+): #([0-9a-f]{6});/#) {
            found[String(match.1)] = UInt32(match.2, radix: 16)
        }
        return found
    }

    /// The relative luminance (WCAG 2.2).
    private func luminance(_ colour: UInt32) -> Double {
        let parts = [16, 8, 0].map { shift -> Double in
            let value = Double(colour >> UInt32(shift) & 0xff) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    private func contrast(_ one: UInt32, _ other: UInt32) -> Double {
        let (light, dark) = (max(luminance(one), luminance(other)), min(luminance(one), luminance(other)))
        return (light + 0.05) / (dark + 0.05)
    }

    @Test("every text has a contrast of 4.5 to each ground that it stands on: light, dark and print")
    func contrast() throws {
        #expect(abs(contrast(0xffffff, 0x000000) - 21) < 0.01 && abs(contrast(0x777777, 0xffffff) - 4.48) < 0.01)
        let sheet = ReportStyleSheet.text
        let parts = sheet.matches(of: #/:root \{[^}]*\}/#).map(\.0)
        #expect(parts.count == 3)
        for part in parts {
            let colours = colours(part)
            func value(_ name: String) throws -> UInt32 { try #require(colours[name], "\(name)") }
            for text in ["text", "faint", "link", "good", "careful", "bad"] {
                for ground in ["ground", "raised"] {
                    #expect(
                        contrast(try value(text), try value(ground)) >= 4.5,
                        "\(text) on \(ground): \(part.prefix(200))"
                    )
                }
            }
            for tone in ["good", "careful", "bad"] {
                for text in [tone, "text"] {
                    #expect(
                        contrast(try value(text), try value("\(tone)-ground")) >= 4.5,
                        "\(text) on \(tone): \(part.prefix(200))"
                    )
                }
            }
        }
    }

    /// The colours that a part of the picture's style sheet fills with, by class.
    private func fills(_ part: Substring) -> [String: UInt32] {
        var found: [String: UInt32] = [:]
        for match in part.matches(of: #/([^{}]+)\{fill:#([0-9a-f]{3}|[0-9a-f]{6})\}/#) {
            let digits = match.2.count == 3 ? match.2.map { "\($0)\($0)" }.joined() : String(match.2)
            for name in match.1.split(separator: ",") {
                found[String(name.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst(5))] = UInt32(
                    digits,
                    radix: 16
                )
            }
        }
        return found
    }

    @Test("every text of the map has a contrast of 4.5: on the page of a picture and of a report, and in each box")
    func mapContrast() throws {
        let rules = PictureStyle.rules
        let start = try #require(rules.range(of: "@media screen and (prefers-color-scheme:dark)"))
        let light = fills(rules[..<start.lowerBound])
        let dark = light.merging(fills(rules[start.upperBound...].dropFirst())) { $1 }
        let pages = ReportStyleSheet.text.matches(of: #/:root \{[^}]*\}/#).map { colours($0.0) }
        for (fills, page) in [(light, pages[0]), (dark, pages[1]), (light, pages[2])] {
            func value(_ name: String) throws -> UInt32 { try #require(fills[name], "\(name)") }
            for text in ["t", "l", "n", "c", "b", "w"] {
                for ground in [try value("g"), try #require(page["ground"])] {
                    #expect(contrast(try value(text), ground) >= 4.5, "\(text)")
                }
            }
            for symbol in MapSymbol.allCases where symbol != .empty {
                let text = try fills["ext.\(symbol.name)"] ?? value("ext.on")
                #expect(contrast(text, try value(symbol.name)) >= 4.5, "\(symbol.name)")
            }
        }
    }
}

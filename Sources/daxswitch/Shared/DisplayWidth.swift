/// The columns that a terminal takes for a text.
func displayWidth(_ text: String) -> Int {
    // Nearly all text is ASCII, without control characters: a byte is a column.
    text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + displayWidth($1) }
}

/// The columns that a terminal takes for a character: two for a wide one, none for one that only changes others.
func displayWidth(_ character: Character) -> Int {
    character.unicodeScalars.map { scalar in
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: 0
        default: wide.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }.max() ?? 0
}

/// The blocks whose characters are wide (Unicode Standard Annex #11, East Asian Width W and F), and emoji.
private let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97c, 0xac00...0xd7a3, 0xf900...0xfaff,
    0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff,
    0x20000...0x3fffd,
]

/// The word of `words` that `word` was probably meant to be: at most a third of its letters differ, in number and place.
func nearest(to word: String, in words: [String]) -> String? {
    // What is typed by hand has no separators, or others.
    let plain = { (word: String) in Array(word.utf8.filter { $0 != 0x2d && $0 != 0x5f }.prefix(64)) }
    let typed = plain(word.lowercased())
    // In a short word one letter is much: with another first letter it is another word (zone, none).
    let isLike = { (name: [UInt8]) in
        typed.count > 4 || typed.first == name.first || Set(typed.prefix(2)) == Set(name.prefix(2))
    }
    let best = words.filter { isLike(plain($0)) }.map { (word: $0, distance: distance(typed, plain($0))) }
        .min { $0.distance < $1.distance }
    guard let best, best.distance * 3 <= max(typed.count, 3) else { return nil }
    return best.word
}

/// A sentence with the word of `words` that `word` was probably meant to be, after a blank; empty if none is near.
func suggestion(for word: String, in words: [String]) -> String {
    nearest(to: word, in: words).map { " Did you mean \($0)?" } ?? ""
}

/// How many letters must be put in, left out, replaced, or swapped with their neighbour.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var rows = [Array(0...right.count)]
    for (row, byte) in left.enumerated() {
        var next = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(rows[row][column] + (byte == other ? 0 : 1), next[column] + 1, rows[row][column + 1] + 1)
            if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                cost = min(cost, rows[row - 1][column - 1] + 1)
            }
            next.append(cost)
        }
        rows.append(next)
    }
    return rows[left.count][right.count]
}

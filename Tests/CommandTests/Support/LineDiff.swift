/// The difference of two texts as people read it: `-` before what was expected, `+` before what was found.
func lineDiff(expected: String, found: String, context: Int = 2) -> String {
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = found.split(separator: "\n", omittingEmptySubsequences: false)
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in new.difference(from: old) {
        switch change {
        case .remove(let offset, _, _): removed.insert(offset)
        case .insert(let offset, _, _): inserted.insert(offset)
        }
    }
    var lines: [(text: String, isChange: Bool)] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
        if removed.contains(left) {
            lines.append(("- \(old[left])", true))
            left += 1
        } else if inserted.contains(right) {
            lines.append(("+ \(new[right])", true))
            right += 1
        } else {
            lines.append(("  \(old[left])", false))
            left += 1
            right += 1
        }
    }
    var shown: [String] = []
    var isSkipping = false
    for index in lines.indices {
        let near = lines[max(0, index - context)...min(lines.count - 1, index + context)]
        if near.contains(where: \.isChange) {
            shown.append(lines[index].text)
            isSkipping = false
        } else if !isSkipping {
            shown.append("  …")
            isSkipping = true
        }
    }
    return shown.joined(separator: "\n")
}

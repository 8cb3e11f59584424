/// The row of each span, from 0, in as few rows as there are spans over one place.
///
/// - Parameter spans: In the order of their starts.
package func rowsApart(_ spans: [Range<Int>]) -> [Int] {
    var ends: [Int] = []
    return spans.map { span in
        if let row = ends.firstIndex(where: { $0 <= span.lowerBound }) {
            ends[row] = span.upperBound
            return row
        }
        ends.append(span.upperBound)
        return ends.count - 1
    }
}

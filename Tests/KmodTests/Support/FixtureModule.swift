/// A module file as small as libkmod and depmod accept: an ELF object with `.modinfo`, `.symtab` and `__versions`.
/// No kernel would load it, for it has no `.gnu.linkonce.this_module`.
struct FixtureModule {
    var name: String
    var exports: [String: UInt64] = [:]
    var needs: [String: UInt64] = [:]
    var information: [(String, String)] = []

    var elf: [UInt8] {
        let modinfo = ([("name", name), ("license", "GPL")] + information).flatMap { text("\($0)=\($1)") }

        var strings: [UInt8] = [0]
        var symbols = [UInt8](repeating: 0, count: 24)
        func addSymbol(_ name: String, section: UInt16, value: UInt64) {
            symbols +=
                little(UInt32(strings.count)) + [1 << 4, 0] + little(section) + little(value) + little(UInt64(0))
            strings += text(name)
        }
        // Exported: SHN_ABS, with the checksum as the value. Needed: SHN_UNDEF.
        for (name, crc) in exports.sorted(by: <) { addSymbol("__crc_\(name)", section: 0xfff1, value: crc) }
        for (name, _) in needs.sorted(by: <) { addSymbol(name, section: 0, value: 0) }

        // struct modversion_info: 8 bytes of checksum, 56 of name.
        let versions = needs.sorted(by: <).flatMap { name, crc in
            little(crc) + Array((text(name) + [UInt8](repeating: 0, count: 56)).prefix(56))
        }
        return assemble([
            Section(name: ".modinfo", kind: 1, bytes: modinfo),
            Section(name: ".symtab", kind: 2, bytes: symbols, link: 3, entry: 24),
            Section(name: ".strtab", kind: 3, bytes: strings),
            Section(name: "__versions", kind: 1, bytes: versions),
        ])
    }

    private struct Section {
        var name: String
        var kind: UInt32
        var bytes: [UInt8]
        var link: UInt32 = 0
        var entry: UInt64 = 0
    }

    /// Header, contents, then the table of section headers.
    private func assemble(_ sections: [Section]) -> [UInt8] {
        var names: [UInt8] = [0]
        var contents: [UInt8] = []
        var headers = [UInt8](repeating: 0, count: 64)
        func add(_ section: Section, bytes: [UInt8], name: Int) {
            while contents.count % 8 != 0 { contents.append(0) }
            headers += little(UInt32(name)) + little(section.kind) + little(UInt64(0)) + little(UInt64(0))
            headers += little(UInt64(64 + contents.count)) + little(UInt64(bytes.count))
            headers += little(section.link) + little(UInt32(section.link == 0 ? 0 : 1))
            headers += little(UInt64(1)) + little(section.entry)
            contents += bytes
        }
        for section in sections {
            let offset = names.count
            names += text(section.name)
            add(section, bytes: section.bytes, name: offset)
        }
        let offset = names.count
        names += text(".shstrtab")
        add(Section(name: "", kind: 3, bytes: []), bytes: names, name: offset)
        while contents.count % 8 != 0 { contents.append(0) }

        var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        header += little(UInt16(1)) + little(UInt16(62)) + little(UInt32(1)) + little(UInt64(0)) + little(UInt64(0))
        header += little(UInt64(64 + contents.count)) + little(UInt32(0)) + little(UInt16(64)) + little(UInt16(0))
        header += little(UInt16(0)) + little(UInt16(64)) + little(UInt16(sections.count + 2))
        header += little(UInt16(sections.count + 1))
        return header + contents + headers
    }

    private func text(_ string: String) -> [UInt8] { Array(string.utf8) + [0] }

    private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

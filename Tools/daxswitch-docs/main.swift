internal import CaptureReplay

// `make docs`: writes the documents that are made from values of the code, and the generated regions of the manuals. Not
// installed.
let documents = [
    GeneratedDocument.kernelRules, GeneratedDocument.predictionAccuracy(try Replay.everything()),
    try GeneratedDocument.findings(), try GeneratedDocument.kernels(),
]
for document in documents {
    try document.write()
    print("docs/\(document.name)")
}
// The program that examples run lies beside this one.
let folder = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
let manual = try Manual(tool: (folder + ["daxswitch"]).joined(separator: "/"))
for page in Manual.pages {
    try manual.write(page)
    print("docs/man/\(page)")
}

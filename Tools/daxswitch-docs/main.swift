internal import CaptureReplay

// `make docs`: writes the documents that are made from values of the code. Not installed.
let documents = [
    GeneratedDocument.kernelRules, GeneratedDocument.predictionAccuracy(try Replay.everything()),
    try GeneratedDocument.findings(), try GeneratedDocument.kernels(),
]
for document in documents {
    try document.write()
    print("docs/\(document.name)")
}

public import LiveHTML

extension HTML.StringInterpolation {
    /// A control by which files are chosen: `<input \(upload: photos)>`. It has the upload's name as `name` and `id`.
    ///
    /// Files that are dropped on an element with `data-drop="photos"` are chosen too. An element with `data-progress-for="photos"` has how much of all has come as its attribute `data-progress` and its CSS property `--progress`.
    public mutating func appendInterpolation(upload: LiveUpload) {
        let kinds = upload.kinds.flatMap { [$0.type] + $0.extensions.map { ".\($0)" } }
        let accept: String? = kinds.isEmpty ? nil : kinds.joined(separator: ",")
        appendLiteral(" type=\"file\" id=\"")
        appendInterpolation(upload.name)
        appendLiteral("\" name=\"")
        appendInterpolation(upload.name)
        appendLiteral("\" data-upload=\"")
        appendInterpolation(upload.name)
        appendLiteral("\" accept=")
        appendInterpolation(accept)
        appendLiteral(" multiple=")
        appendInterpolation(upload.maxFiles > 1)
    }
}

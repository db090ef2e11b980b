struct BenchReport {
    let result: BenchResult
    var html: String { "" }
}

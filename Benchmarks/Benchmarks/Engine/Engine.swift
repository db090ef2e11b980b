import Benchmark
import Operations

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput],
        scalingFactor: .kilo,
        maxDuration: .seconds(1),
        maxIterations: .mega(10)
    )
    for operation in Operation.all {
        Benchmark(operation.name) { benchmark in
            let run = operation.make()
            run(1)
            benchmark.startMeasurement()
            run(benchmark.scaledIterations.count)
            benchmark.stopMeasurement()
        }
    }
}

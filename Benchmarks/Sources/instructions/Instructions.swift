// Runs one operation a number of times and does nothing else: valgrind counts.
//
//   instructions                  the names of the operations, one a line
//   instructions NUMBER COUNT     runs operation NUMBER (from 0) COUNT times

import Operations

@main enum Instructions {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard arguments.count == 2, Operation.all.indices.contains(arguments[0]) else {
            for operation in Operation.all { print(operation.name) }
            return
        }
        Operation.all[arguments[0]].make()(arguments[1])
    }
}

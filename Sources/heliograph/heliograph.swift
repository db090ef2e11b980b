import ArgumentParser

@main struct Heliograph: ParsableCommand { func run() throws {} }

import Testing

/// All tests here, one after the other: each has a browser of its own, and a browser wants a whole machine.
@Suite(.serialized)
enum InBrowser {}

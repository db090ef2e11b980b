import NIOCore
import Testing

@testable import RealtimeHub

@Suite("A log that is told sparingly")
struct SparingLogTests {
    @Test("hears of the first, and ten seconds later of the next and of how many it did not hear of")
    func pause() {
        var log = SparingLog()
        let start = NIODeadline.uptimeNanoseconds(5)
        #expect(log.next(at: start) == 0)
        for seconds in 1..<10 { #expect(log.next(at: start + .seconds(Int64(seconds))) == nil) }
        #expect(log.next(at: start + .seconds(10)) == 9)
        #expect(log.next(at: start + .seconds(15)) == nil)
        #expect(log.next(at: start + .seconds(30)) == 1)
        #expect(log.next(at: start + .seconds(50)) == 0)
    }
}

// What is remembered of a render: no text, only what is needed to see a difference and to say where it is. All of it is in one array of words.
//
//     instance   template << 32 | count of words, then its cells
//     scalar     the value itself if it is an integer by its type, else a hash under the cache's key
//     markup     0 for nothing, or an instance
//     rows       count of rows << 32 | count of words, then the keys, then the instances
//     stream     count of rows << 32 | count of words, which rows, the number of the last change, then of each row the key and the template
//     view       its number

/// The words of one view.
typealias Tape = ContiguousArray<UInt64>

/// The first word of an instance, or of rows.
struct TapeHeader {
    let word: UInt64

    init(_ word: UInt64) {
        self.word = word
    }

    init(_ first: Int, words: Int) {
        word = UInt64(truncatingIfNeeded: first) << 32 | UInt64(truncatingIfNeeded: words)
    }

    /// The template, or the number of rows.
    var first: Int { Int(truncatingIfNeeded: word >> 32) }
    /// With this one.
    var words: Int { Int(truncatingIfNeeded: word & 0xffff_ffff) }
}

extension Tape {
    /// How many words a markup cell has.
    func markupWords(at offset: Int) -> Int {
        let header = TapeHeader(self[offset])
        return header.word == 0 ? 1 : header.words
    }

    /// Where the instances of rows begin.
    func rowOffsets(at offset: Int) -> ContiguousArray<Int> {
        let count = TapeHeader(self[offset]).first
        var offsets: ContiguousArray<Int> = []
        offsets.reserveCapacity(count)
        var next = offset &+ 1 &+ count
        for _ in 0..<count {
            offsets.append(next)
            next &+= TapeHeader(self[next]).words
        }
        return offsets
    }
}

/// How the tape of the next render comes about.
enum TapeChange {
    /// Nothing has become longer or shorter: words that are others, in their order.
    case words([(offset: Int, word: UInt64)])
    case whole(Tape)
}

extension Tape {
    /// Where it is, if nobody else has it.
    mutating func take(_ change: TapeChange) {
        switch change {
        case .words(let words): for (offset, word) in words { self[offset] = word }
        case .whole(let tape): self = tape
        }
    }
}

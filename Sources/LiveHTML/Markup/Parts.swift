// Strategy: markup is made anew for each render, so what it costs to append a value is what a render costs. An array asks at each append whether it is
// the only owner and whether there is room, in functions that are not inlined. Here there is one allocation of the right size, and the parts are written
// into it in the module that has the literal. The rows of a list take turns in using the same memory, which each thread has one of.

public import CThreadSpare

/// The parts of markup, which never change.
// Sendable although its storage is not: only the parts that were written before it was made are read, and those are not written again (see below); and
// what they refer to is other markup, of which the same is true, or rows, which are Sendable.
@usableFromInline
struct Parts: @unchecked Sendable {
    @usableFromInline let storage: PartStorage
    @usableFromInline let count: Int

    @inlinable
    init(storage: PartStorage, count: Int) {
        self.storage = storage
        self.count = count
    }

    /// The parts as they are in memory, so that looking at one is not counted as another use of it.
    @inline(__always)
    func withElements<Result>(_ body: (UnsafePointer<Part>) -> Result) -> Result {
        storage.withUnsafeMutablePointerToElements { body(UnsafePointer($0)) }
    }

    static let none = Parts(storage: PartStorage.make(capacity: 0), count: 0)
}

extension Parts: RandomAccessCollection {
    @usableFromInline var startIndex: Int { 0 }
    @usableFromInline var endIndex: Int { count }

    @usableFromInline subscript(position: Int) -> Part {
        precondition(position >= 0 && position < count)
        return storage.withUnsafeMutablePointerToElements { $0[position] }
    }
}

/// Memory that one interpolation fills, from the front. Who would append, and finds more parts than it has written itself, makes a copy first.
@usableFromInline
final class PartStorage: ManagedBuffer<PartStorage.Header, Part> {
    @usableFromInline
    @frozen
    struct Header {
        @usableFromInline var count: Int
        @usableFromInline let capacity: Int

        @inlinable
        init(count: Int, capacity: Int) {
            self.count = count
            self.capacity = capacity
        }
    }

    @inlinable
    static func make(capacity: Int) -> PartStorage {
        let spare = spare
        if let storage = spare.move() {
            spare.initialize(to: nil)
            if storage.withUnsafeMutablePointerToHeader({ $0.pointee.capacity >= capacity }) { return storage }
        }
        let buffer = create(minimumCapacity: capacity) { _ in Header(count: 0, capacity: capacity) }
        return unsafeDowncast(buffer, to: PartStorage.self)
    }

    /// Lets the next markup of this thread have the memory, if nobody else holds it and it isn't much.
    @usableFromInline
    static func recycle(_ storage: consuming PartStorage) {
        guard isKnownUniquelyReferenced(&storage), storage.withUnsafeMutablePointerToHeader({ $0.pointee.capacity <= 64 }) else { return }
        storage.removeAll()
        spare.pointee = consume storage
    }

    /// Of this thread.
    @inlinable @inline(__always)
    static var spare: UnsafeMutablePointer<PartStorage?> {
        UnsafeMutableRawPointer(cthreadspare()).assumingMemoryBound(to: PartStorage?.self)
    }

    /// One with the first parts of this one, and with room for more.
    @usableFromInline
    func grown(from count: Int) -> PartStorage {
        let grown = PartStorage.make(capacity: 2 &* count &+ 4)
        withUnsafeMutablePointerToElements { parts in
            grown.withUnsafeMutablePointers { header, copies in
                copies.initialize(from: parts, count: count)
                header.pointee.count = count
            }
        }
        return grown
    }

    @usableFromInline
    deinit { removeAll() }

    @inline(__always)
    fileprivate func removeAll() {
        withUnsafeMutablePointers { header, parts in
            for index in 0..<header.pointee.count { PartStorage.free(parts + index) }
            header.pointee.count = 0
        }
    }

    /// The one field of a part that has something to be freed: freeing the whole part takes a function that looks at all of them.
    @inline(__always)
    private static func free(_ part: UnsafeMutablePointer<Part>) {
        guard !part.pointee.isTrivial else { return }
        let raw = UnsafeMutableRawPointer(part)
        if part.pointee.hasObject {
            _ = (raw + objectOffset).assumingMemoryBound(to: AnyObject?.self).move()
        } else {
            _ = (raw + textOffset).assumingMemoryBound(to: String.self).move()
        }
    }

    // They are stored, so they have an offset.
    private static var textOffset: Int { MemoryLayout<Part>.offset(of: \.text) ?? 0 }
    private static var objectOffset: Int { MemoryLayout<Part>.offset(of: \.object) ?? 0 }
}

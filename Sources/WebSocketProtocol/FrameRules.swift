// The rules that a frame's header can break, each a function under its clause. They are asked in this order, and the first that is
// broken names the violation.

extension WebSocketMachine {
    func brokenRule(of header: FrameHeader, isMinimal: Bool) -> ProtocolViolation? {
        brokenMaskingRule(header)
            ?? brokenReservedBitsRule(header)
            ?? brokenOpcodeRule(header)
            ?? brokenControlFrameRule(header)
            ?? brokenLengthRule(header, isMinimal: isMinimal)
            ?? brokenFragmentationRule(header)
            ?? brokenSizeLimit(header)
            ?? brokenFragmentLimit(header)
    }

    // RFC 6455 §5.1: a client masks every frame, a server masks none.
    private func brokenMaskingRule(_ header: FrameHeader) -> ProtocolViolation? {
        switch (role, header.key) {
        case (.server, nil): .unmaskedFrame
        case (.client, .some): .maskedFrame
        default: nil
        }
    }

    // RFC 6455 §5.2: RSV1–3 are zero unless an extension gives them a meaning. RFC 7692 §6: RSV1 on the first frame of a data message.
    private func brokenReservedBitsRule(_ header: FrameHeader) -> ProtocolViolation? {
        guard header.reservedBits != 0 else { return nil }
        guard header.reservedBits == FrameHeader.rsv1, compressor != nil else { return .reservedBits }
        return header.opcode == .text || header.opcode == .binary ? nil : .compressedControlOrContinuation
    }

    // RFC 6455 §5.2: opcodes 3–7 and B–F are reserved.
    private func brokenOpcodeRule(_ header: FrameHeader) -> ProtocolViolation? {
        header.opcode.isDefined ? nil : .reservedOpcode
    }

    // RFC 6455 §5.5: control frames have at most 125 bytes and are not fragmented.
    private func brokenControlFrameRule(_ header: FrameHeader) -> ProtocolViolation? {
        guard header.opcode.isControl else { return nil }
        if !header.isFinal { return .fragmentedControlFrame }
        return header.length > 125 ? .longControlFrame : nil
    }

    // RFC 6455 §5.2: the shortest form, and 63 bits.
    private func brokenLengthRule(_ header: FrameHeader, isMinimal: Bool) -> ProtocolViolation? {
        if header.length > UInt64(Int64.max) { return .lengthTopBit }
        return isMinimal ? nil : .lengthNotMinimal
    }

    // RFC 6455 §5.4: fragments of one message are not interleaved with another's.
    private func brokenFragmentationRule(_ header: FrameHeader) -> ProtocolViolation? {
        if header.opcode.isControl { return nil }
        if header.opcode == .continuation { return inbound.message == nil ? .loneContinuation : nil }
        return inbound.message == nil ? nil : .unfinishedMessage
    }

    // RFC 6455 §10.4. The sum can't overflow: what is left of the limit is compared with what is declared.
    private func brokenSizeLimit(_ header: FrameHeader) -> ProtocolViolation? {
        if header.opcode.isControl || settings.deliversParts { return nil }
        let isCompressed = header.reservedBits != 0 || inbound.isCompressed
        let limit = isCompressed ? compressedSizeLimit : limits.maxMessageSize
        let soFar = inbound.message == nil ? 0 : inbound.wireBytes
        guard header.length > UInt64(clamping: limit &- min(soFar, limit)) else { return nil }
        return .messageTooBig(limit: limits.maxMessageSize)
    }

    /// The bytes on the wire of a compressed message: deflate never makes data longer by more than this, so a peer that sends more is
    /// keeping us busy with blocks that hold nothing. What comes out is held to `maxMessageSize` as it is inflated.
    private var compressedSizeLimit: Int {
        let (limit, overflow) = limits.maxMessageSize.addingReportingOverflow(limits.maxMessageSize >> 8 &+ 256)
        return overflow ? .max : limit
    }

    // RFC 6455 §10.4: a million empty fragments are a million headers.
    private func brokenFragmentLimit(_ header: FrameHeader) -> ProtocolViolation? {
        guard header.opcode == .continuation, inbound.fragments >= limits.maxFragments else { return nil }
        return .tooManyFragments(limit: limits.maxFragments)
    }
}

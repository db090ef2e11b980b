#!/usr/bin/env python3
"""Our frame decoder against that of PyPI `websockets`, on cases made at random.

    differential.py DECODER [--cases N] [--seed S] [--processes P]

DECODER is the executable of ../Sources/decoder, which also tries every split of each case. Prints the seed, the cases on which the two differ, and
last "N passed, N failed". A case can be tried by hand: echo "server 1000 818561626364202020202020" | DECODER

What `websockets` says is expected of us, but for what is known to be different:

- It looks at reserved bits, opcodes, lengths and the order of frames when a frame is whole, we when its header is. So `headers` below walks
  them, and what comes before the first faulty one is compared with `websockets`; the close code must be one that the faults deserve.
  Whether `websockets` refuses that frame too is checked when the frame is whole (it lets lengths pass that are not in the shortest form).
- Its sans-I/O layer leaves UTF-8 to the layer above. `Expected` decodes with Python's own incremental decoder.
- It refuses a Close frame inside a fragmented message; RFC 6455 §5.4 and §5.5.1 allow it.
"""

import argparse
import codecs
import collections
import concurrent.futures
import os
import random
import struct
import subprocess
import sys
import time

from websockets.exceptions import PayloadTooBig
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol

CONTROL = (8, 9, 10)
DEFINED = (0, 1, 2) + CONTROL

# ------------------------------------------------------------------ cases

TEXTS = ["", "a", "hello", "κόσμε", "\u00e9", "\U0001f30d\U0001f30e", "\ud7ff\ue000", "\U0010ffff", "x" * 125, "y" * 126, "\u20ac" * 60]
NOT_UTF8 = [b"\xff", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\x80", b"\xf0\x9f\x8c", b"\xe0\x80\xaf", b"\xf8\x88\x80\x80\x80"]
CODES = [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999, 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


def payload(rng, opcode):
    if opcode == 8:
        kind = rng.random()
        if kind < 0.2:
            return b""
        if kind < 0.25:
            return b"\x03"
        return struct.pack("!H", rng.choice(CODES)) + text(rng, 0.15)[:123]
    if opcode in CONTROL:
        return rng.randbytes(rng.choice([0, 1, 4, 8, 124, 125]))
    if opcode == 1:
        return text(rng, 0.2)
    return rng.randbytes(rng.choice([0, 1, 2, 7, 8, 9, 31, 64, 125, 126, 127, 300])) if rng.random() < 0.5 else text(rng, 0.2)


def text(rng, broken):
    data = b"".join(rng.choice(TEXTS).encode("utf-8", "surrogatepass") for _ in range(rng.randint(0, 3)))
    return data + rng.choice(NOT_UTF8) if rng.random() < broken else data


def frame(rng, data, opcode, fin, masked):
    """A frame, now and then with one thing wrong."""
    first = (0x80 if fin else 0) | opcode
    length = len(data)
    form = 0 if length < 126 else 1 if length < 65536 else 2
    if rng.random() < 0.01:
        first ^= rng.choice([0x10, 0x20, 0x40])
    if rng.random() < 0.01:
        first = first & 0xF0 | rng.randint(0, 15)
    if rng.random() < 0.01:
        masked = not masked
    if rng.random() < 0.02:
        form = rng.randint(form, 2)
    if rng.random() < 0.01:
        form, length = 2, rng.choice([2**63 - 1, 2**63, 2**64 - 1, 2**32, 70000])
    bit = 0x80 if masked else 0
    lengths = [lambda: bytes([bit | length]), lambda: bytes([bit | 126]) + struct.pack("!H", length), lambda: bytes([bit | 127]) + struct.pack("!Q", length)]
    head = bytes([first]) + lengths[form]()
    if masked:
        key = rng.choice([b"\0\0\0\0", rng.randbytes(4)])
        head += key
        data = bytes(b ^ key[i % 4] for i, b in enumerate(data))
    return head + data


def conversation(rng, role):
    masked = role == "server"
    out = b""
    for _ in range(rng.randint(1, 5)):
        opcode = rng.choices([1, 2, 9, 10, 8, 0], [6, 4, 3, 2, 2, 0.3])[0]
        data = payload(rng, opcode)
        if opcode in (1, 2) and rng.random() < 0.4:
            cuts = sorted(rng.randint(0, len(data)) for _ in range(rng.randint(1, 4)))
            pieces = [data[a:b] for a, b in zip([0] + cuts, cuts + [len(data)])]
            for index, piece in enumerate(pieces):
                out += frame(rng, piece, opcode if index == 0 else 0, index == len(pieces) - 1, masked)
                if rng.random() < 0.2:
                    out += frame(rng, payload(rng, 9), 9, True, masked)
        else:
            out += frame(rng, data, opcode, True if opcode in (1, 2) or rng.random() < 0.98 else False, masked)
    return out


def make_case(rng):
    role = rng.choice(["server", "client"])
    kind = rng.random()
    if kind < 0.1:
        data = rng.randbytes(rng.randint(0, 40))
    else:
        data = conversation(rng, role)
        if kind < 0.3:
            data = data[: rng.randint(0, len(data))]
        elif kind < 0.45 and data:
            changed = bytearray(data)
            for _ in range(rng.randint(1, 3)):
                changed[rng.randrange(len(changed))] = rng.randint(0, 255)
            data = bytes(changed)
    return role, rng.choice([100, 1000, 1000, 100_000]), data


# --------------------------------------------------------------- expected

# What a header can have wrong, and the close code that it deserves.
FAULTS = {"bits": 1002, "control": 1002, "order": 1002, "form": 1002, "size": 1009}
Head = collections.namedtuple("Head", "start end complete fin opcode length key faults")


def headers(role, limit, data):
    """The headers, up to the first that has a fault."""
    at, message = 0, None          # bytes of the unfinished message so far
    while len(data) - at >= 2:
        first, second = data[at], data[at + 1]
        fin, opcode, length = first & 0x80 != 0, first & 15, second & 127
        faults = set()
        if first & 0x70 or opcode not in DEFINED or (second & 0x80 != 0) != (role == "server"):
            faults.add("bits")
        if opcode in CONTROL and not fin:
            faults.add("control")
        if opcode in CONTROL and length > 125:
            faults.add("form")                           # either too long or too long a form
        if opcode == 0 and message is None or opcode in (1, 2) and message is not None:
            faults.add("order")
        size = {126: 2, 127: 8}.get(length, 0)
        if len(data) - at < 2 + size:
            yield Head(at, len(data), False, fin, opcode, 0, b"", faults)
            return
        if size:
            length = int.from_bytes(data[at + 2 : at + 2 + size], "big")
            if length < (126 if size == 2 else 65536) or length >> 63:
                faults.add("form")
            if opcode in CONTROL and length > 125:
                faults.add("control")
        if opcode in (0, 1, 2) and length + (message or 0) > limit:
            faults.add("size")
        start = at + 2 + size
        key = data[start : start + 4] if role == "server" else b"\0\0\0\0"
        start += 4 if role == "server" else 0
        complete = len(data) >= start + length
        yield Head(at, min(start + length, len(data)), complete, fin, opcode, length, key, faults)
        if faults or not complete:
            return
        if opcode in (0, 1, 2):
            message = None if fin else length + (message or 0)
        at = start + length


class Expected:
    """What `websockets` makes of the bytes, with messages put together and text decoded."""

    def __init__(self, role, limit):
        self.role = role
        self.protocol = Protocol(SERVER if role == "server" else CLIENT, state=OPEN, max_size=None)
        self.events, self.replies, self.endings = [], [], None
        self.message, self.decoder = None, None

    def fail(self, *codes):
        self.endings = {"violation:%d" % code for code in codes}

    def feed(self, data):
        """One frame."""
        was_fragmented = self.message is not None
        self.protocol.receive_data(data)
        self.protocol.data_to_send()
        for received in self.protocol.events_received():
            self.frame(received)
        error = self.protocol.parser_exc
        if error is None or self.endings:
            return
        head, body = data[0], unmasked(self.role, data)
        if head & 15 == 8 and str(error) == "incomplete fragmented message" and was_fragmented:
            self.frame(Frame(Opcode.CLOSE, body))       # the one thing where we follow the RFC and not them
        elif head & 15 == 8 and len(body) > 2:
            codes = {1007 if isinstance(error, UnicodeDecodeError) else 1002}
            if not is_valid_code(body[:2]):
                codes.add(1002)                          # both wrong: either may be said
            self.fail(*codes)
        else:
            self.fail(1007 if isinstance(error, UnicodeDecodeError) else 1009 if isinstance(error, PayloadTooBig) else 1002)

    def frame(self, received):
        data = bytes(received.data)
        if received.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if received.opcode is not Opcode.CONT:
                self.message = (received.opcode, [])
                self.decoder = codecs.getincrementaldecoder("utf-8")() if received.opcode is Opcode.TEXT else None
            self.message[1].append(data)
            if self.decoder:
                if not is_text(self.decoder, data, received.fin):
                    self.fail(1007)
                    return
            if received.fin:
                self.events.append("%s:%s" % (self.message[0].name.lower(), b"".join(self.message[1]).hex()))
                self.message = None
        elif received.opcode is Opcode.PING:
            self.events.append("ping:" + data.hex())
            self.replies.append((10, data))
        elif received.opcode is Opcode.PONG:
            self.events.append("pong:" + data.hex())
        else:
            code = Close.parse(data).code
            self.endings = {"close:%d" % code}
            self.replies.append((8, data[:2]))

    def partial(self, head, data):
        """The start of a frame: text must be refused at the first byte that can't be right."""
        kind = self.message[0] if head.opcode == 0 and self.message else head.opcode
        if kind != 1 or len(head.key) < 4:
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        if head.opcode == 0:
            decoder.setstate(self.decoder.getstate())
        if not is_text(decoder, unmasked(self.role, data), False):
            self.fail(1007)


def is_text(decoder, data, final):
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError:
        return False
    pending = decoder.getstate()[0]
    # Python waits for the third byte of an encoded surrogate, though its second is wrong already.
    return not (len(pending) > 1 and pending[0] == 0xED and pending[1] >= 0xA0)


def is_valid_code(two):
    try:
        Close.parse(two)
        return True
    except Exception:
        return False


def unmasked(role, data):
    """The payload of the frame that `data` begins with, as far as it is there."""
    at = 2 + {126: 2, 127: 8}.get(data[1] & 127, 0)
    if role != "server":
        return data[at:]
    key = data[at : at + 4]
    return bytes(b ^ key[i % 4] for i, b in enumerate(data[at + 4 :]))


def expect(role, limit, data):
    expected = Expected(role, limit)
    for head in headers(role, limit, data):
        if head.faults:
            if head.complete and head.faults & {"bits", "control", "order"}:
                theirs = Expected(role, limit)
                theirs.protocol.current_size = expected.protocol.current_size
                theirs.protocol.receive_data(data[head.start : head.end])
                assert theirs.protocol.parser_exc, "websockets takes what `headers` refuses: %s %d %s" % (role, limit, data.hex())
            expected.fail(*(FAULTS[fault] for fault in head.faults))
            # A header of which not all is there may be refused already, or not yet.
            second = data[head.start + 1]
            if len(data) - head.start < 2 + {126: 2, 127: 8}.get(second & 127, 0) + (4 if second & 0x80 else 0):
                expected.endings.add("open")
            break
        if head.complete:
            expected.feed(data[head.start : head.end])
            if expected.endings:
                break
        elif len(data) > head.start + 2:
            expected.partial(head, data[head.start : head.end])
    return expected


# ---------------------------------------------------------------- compare

def replies_of(output):
    """[(opcode, payload)] of the control frames that we sent."""
    found, at = [], 0
    while at < len(output):
        length = output[at + 1] & 127
        found.append((output[at] & 15, output[at + 2 : at + 2 + length]))
        at += 2 + length
    return found


def difference(verdict, expected):
    """What is wrong with our verdict, or None."""
    if verdict.startswith("SPLIT"):
        return "the splits disagree"
    if verdict.count(" ") != 2 or verdict.startswith("the "):
        return verdict
    events, ending, output = verdict.split(" ")
    if (events.split(",") if events else []) != expected.events:
        return "other events"
    if ending not in (expected.endings or {"open"}):
        return "another ending"
    replies = replies_of(bytes.fromhex(output))
    if ending.startswith("violation"):
        code = int(ending.split(":")[1])
        if not replies or replies[-1][0] != 8 or replies[-1][1][:2] != struct.pack("!H", code):
            return "the Close frame has another code"
        replies = replies[:-1]
    elif ending.startswith("close"):
        replies = replies[:-1] + [(replies[-1][0], replies[-1][1][:2])] if replies else replies
    if replies != expected.replies:
        return "other replies"
    return None


def decide(decoder, cases):
    """Our verdict on each case. A decoder that ends before its time has crashed on the case that it did not answer."""
    lines = "".join("%s %d %s\n" % (role, limit, data.hex()) for role, limit, data in cases)
    answer = subprocess.run([decoder], input=lines, capture_output=True, text=True, check=False)
    verdicts = answer.stdout.splitlines()
    if len(verdicts) < len(cases):
        verdicts += ["the decoder crashed"] + ["was not asked"] * (len(cases) - len(verdicts) - 1)
    return verdicts


def main():
    options = argparse.ArgumentParser()
    options.add_argument("decoder")
    options.add_argument("--cases", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    arguments = options.parse_args()
    rng = random.Random(arguments.seed)
    print("seed %d, %d cases" % (arguments.seed, arguments.cases))
    started = time.monotonic()
    cases = [make_case(rng) for _ in range(arguments.cases)]
    share = -(-len(cases) // (os.cpu_count() or 1))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        verdicts = sum(pool.map(lambda first: decide(arguments.decoder, cases[first : first + share]), range(0, len(cases), share)), [])
    failed, endings = 0, collections.Counter()
    for (role, limit, data), verdict in zip(cases, verdicts):
        expected = expect(role, limit, data)
        wrong = difference(verdict, expected)
        if wrong:
            failed += 1
            if failed <= 20:
                print("%s: %s %d %s" % (wrong, role, limit, data.hex()))
                print("    ours     %s" % verdict)
                print("    expected %s %s %s" % (",".join(expected.events), "|".join(sorted(expected.endings or {"open"})), expected.replies))
        else:
            endings[verdict.split(" ")[1]] += 1
    # A comparison that never met an ending has not tested it.
    print("endings met: " + ", ".join("%s %d" % item for item in sorted(endings.items())))
    print("%.1f s" % (time.monotonic() - started))
    print("%d passed, %d failed" % (len(cases) - failed, failed))
    return 1 if failed else 0


sys.exit(main())

#!/usr/bin/env python3
"""Makes Tests/RealtimeProtocolTests/Vectors.swift: what other people's code has to say about our messages.

    python3 -m venv .venv && .venv/bin/pip install -r Conformance/realtime/requirements.txt
    .venv/bin/python Conformance/realtime/vectors.py > Tests/RealtimeProtocolTests/Vectors.swift

Each vector is a message in JSON and in Protobuf. The Protobuf is made by the generated classes of `centrifuge-python`; for fields that are newer
than that package its definition is extended here, from the table of the protocol, and serialized by Google's runtime. Maps have one entry: their
order is nobody's promise. The patches are applied by the `fossil` module of the same package.
"""

import json

from centrifuge import codecs, fossil
from centrifuge.protocol import client_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

TYPES = {"str": 9, "bytes": 12, "i32": 5, "i64": 3, "u32": 13, "u64": 4, "sint64": 18, "bool": 8}
# Fields that the package does not have yet: message, name, number, type; a list in brackets.
NEWER = """
Publication key 11 str, Publication removed 12 bool, Publication score 13 sint64, Publication epoch 14 str, Publication prev_data 15 bytes,
Publication version 16 u64, ConnectRequest dict 8 str, ConnectRequest profile 9 str, ConnectResult flag 12 i64, ConnectResult dict 13 Dictionary,
Dictionary id 1 str, Dictionary data 2 bytes, Dictionary data_b64 3 str, SubscribeRequest type 15 i32, SubscribeRequest phase 16 i32,
SubscribeRequest cursor 17 str, SubscribeRequest limit 18 i32, SubscribeRequest asc 19 bool, SubscribeResult type 15 i32, SubscribeResult phase 16 i32,
SubscribeResult cursor 17 str, SubscribeResult state 18 [Publication], SubscribeResult publish_debounce 19 u32, PublishRequest type 3 i32,
PublishRequest key 4 str, PublishRequest removed 5 bool, SubRefreshRequest type 3 i32, SubRefreshRequest track 4 [TrackBatch],
SubRefreshRequest untrack 5 [str], TrackBatch signature 1 str, TrackBatch items 2 [KeyedItem], KeyedItem key 1 str, KeyedItem version 2 u64,
SubRefreshResult items 3 [Publication]
"""

COMMANDS = [
    {},
    {"id": 1, "connect": {}},
    {"id": 1, "connect": {"token": "t.o.k", "data": {"a": [1, "é"]}, "subs": {"news": {"recover": True, "epoch": "AbCd", "offset": 18446744073709551615}},
                          "name": "js", "version": "1.2", "headers": {"Authorization": "Bearer x"}, "flag": -1}},
    {"id": 4294967295, "subscribe": {"channel": "news:ünï", "token": "t", "recover": True, "epoch": "e", "offset": 300, "data": "x", "positioned": True,
                                     "recoverable": True, "join_leave": True, "delta": "fossil",
                                     "tf": {"op": "and", "nodes": [{"key": "a", "cmp": "eq", "val": "1"}, {"op": "not", "nodes": [{"key": "b", "cmp": "in", "vals": ["x", "", "y"]}]}]},
                                     "flag": 3}},
    {"id": 3, "unsubscribe": {"channel": "news"}},
    {"id": 127, "publish": {"channel": "chat", "data": {"text": "hello \"you\"\n😀"}}},
    {"id": 128, "publish": {"channel": "c" * 200, "data": "d" * 20000}},
    {"id": 6, "presence": {"channel": "a"}},
    {"id": 7, "presence_stats": {"channel": "a"}},
    {"id": 8, "history": {"channel": "a", "limit": -1, "since": {"offset": 128, "epoch": "xyz"}, "reverse": True}},
    {"id": 8, "history": {"channel": "a", "limit": -2147483648, "since": {}}},
    {"id": 9, "ping": {}},
    {"send": {"data": None}},
    {"id": 10, "rpc": {"data": 1.5, "method": "m"}},
    {"id": 11, "refresh": {"token": "r"}},
    {"id": 12, "sub_refresh": {"channel": "a", "token": "r"}},
]
NEWER_COMMANDS = [
    {"id": 1, "connect": {"dict": "AAAAAAAAAAAAAAAA", "profile": "p"}},
    {"id": 1, "subscribe": {"channel": "m", "type": 4, "phase": 2, "cursor": "cu", "limit": -5, "asc": True}},
    {"id": 2, "publish": {"channel": "m", "data": [], "type": 1, "key": "k", "removed": True}},
    {"id": 3, "sub_refresh": {"channel": "m", "type": 1, "track": [{"signature": "s", "items": [{"key": "k", "version": 7}, {}]}, {}], "untrack": ["a", ""]}},
]
PUB = {"data": {"t": 1}, "info": {"user": "u", "client": "c", "conn_info": {"n": 1}, "chan_info": [2]}, "offset": 8, "tags": {"k": "v"}, "delta": True,
       "time": 1700000000000, "channel": "w"}
NEWER_PUB = {"data": 1, "key": "k", "removed": True, "score": -1234567890123, "epoch": "e", "prev_data": {"p": 0}, "version": 9}
SUBSCRIBED = {"expires": True, "ttl": 60, "recoverable": True, "epoch": "e", "publications": [PUB, {"data": 2, "offset": 9}], "recovered": True, "offset": 7,
              "positioned": True, "data": {}, "was_recovering": True, "delta": True, "id": -9}
REPLIES = [
    {},
    {"id": 1, "error": {"code": 109, "message": "token expired"}},
    {"id": 1, "error": {"code": 100, "message": "internal server error", "temporary": True}},
    {"id": 1, "connect": {"client": "c1", "version": "v", "expires": True, "ttl": 3600, "data": {}, "subs": {"s": SUBSCRIBED}, "ping": 25, "pong": True,
                          "session": "se", "node": "no", "time": 1700000000000}},
    {"id": 2, "subscribe": SUBSCRIBED},
    {"id": 3, "unsubscribe": {}},
    {"id": 4, "publish": {}},
    {"id": 5, "presence": {"presence": {"c1": {"user": "", "client": "c1"}}}},
    {"id": 6, "presence_stats": {"num_clients": 0, "num_users": 12}},
    {"id": 7, "history": {"publications": [], "epoch": "", "offset": 0}},
    {"id": 7, "history": {"publications": [PUB], "epoch": "e", "offset": 8}},
    {"id": 8, "ping": {}},
    {"id": 9, "rpc": {"data": "d"}},
    {"id": 10, "refresh": {"client": "c", "version": "v", "expires": True, "ttl": 1}},
    {"id": 11, "sub_refresh": {"expires": True, "ttl": 2}},
    {"push": {"channel": "news", "pub": PUB}},
    {"push": {"id": -3, "pub": {"data": 0}}},
    {"push": {"channel": "a", "join": {"info": {"user": "u", "client": "c"}}}},
    {"push": {"channel": "a", "leave": {"info": {"user": "u", "client": "c"}}}},
    {"push": {"channel": "a", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}},
    {"push": {"message": {"data": {"m": True}}}},
    {"push": {"channel": "a", "subscribe": {"recoverable": True, "epoch": "e", "offset": 4, "positioned": True, "data": "x"}}},
    {"push": {"connect": {"client": "c", "version": "v", "data": 1, "subs": {"s": {}}, "expires": True, "ttl": 5, "ping": 25, "pong": True, "session": "s",
                          "node": "n", "time": 6}}},
    {"push": {"disconnect": {"code": 3001, "reason": "shutdown", "reconnect": True}}},
    {"push": {"refresh": {"expires": True, "ttl": 9}}},
]
NEWER_REPLIES = [
    {"push": {"channel": "m", "pub": NEWER_PUB}},
    {"id": 1, "connect": {"flag": 1, "dict": {"id": "i", "data": "d", "data_b64": "ZA=="}}},
    {"id": 2, "subscribe": {"type": 1, "phase": 2, "cursor": "n", "state": [NEWER_PUB, NEWER_PUB], "publish_debounce": 100}},
    {"id": 3, "sub_refresh": {"expires": True, "ttl": 2, "items": [NEWER_PUB]}},
]


def extended():
    """The package's messages, and the fields that it does not have."""
    file = descriptor_pb2.FileDescriptorProto()
    client_pb2.DESCRIPTOR.CopyToProto(file)
    messages = {message.name: message for message in file.message_type}
    prefix = f".{file.package}." if file.package else "."
    for entry in NEWER.replace("\n", " ").split(","):
        message, name, number, kind = entry.split()
        if message not in messages:
            messages[message] = file.message_type.add(name=message)
        field = messages[message].field.add(name=name, number=int(number), label=3 if kind[0] == "[" else 1)
        kind = kind.strip("[]")
        field.type = TYPES.get(kind, 11)
        if field.type == 11:
            field.type_name = prefix + kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(prefix[1:] + name)) for name in ("Command", "Reply")}


def filled(message, value):
    """What a client of the package does, but payloads are the bytes of their JSON."""
    for name, item in value.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.type == field.TYPE_BYTES:
            setattr(message, name, text(item).encode())
        elif field.type != field.TYPE_MESSAGE:
            getattr(message, name).extend(item) if field.is_repeated else setattr(message, name, item)
        elif not field.is_repeated:
            getattr(message, name).SetInParent()
            filled(getattr(message, name), item)
        elif field.message_type.GetOptions().map_entry:
            for key, entry in item.items():
                if isinstance(entry, str):
                    getattr(message, name)[key] = entry
                else:
                    filled(getattr(message, name)[key], entry)
        else:
            for element in item:
                filled(getattr(message, name).add(), element)
    return message


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def literal(string):
    return '##"' + string + '"##'


def vectors(name, kind, values):
    print(f"\n    static let {name}: [Vector] = [")
    for value in values:
        data = filled(kind(), value).SerializeToString(deterministic=True)
        framed = codecs._varint_encode(len(data)) + data
        json_text = text(value)
        if len(json_text) > 1000:
            # Long ones are said shorter.
            print("        Vector.long,")
            assert framed == long_publish(), "Vector.long in VectorsTests.swift"
            continue
        print(f"        Vector(\n            json: {literal(json_text)},\n            protobuf: \"{framed.hex()}\"),")
    print("    ]")


def long_publish():
    """By hand."""
    channel, data = b"c" * 200, b'"' + b"d" * 20000 + b'"'
    publish = b"\x0a\xc8\x01" + channel + b"\x12" + codecs._varint_encode(len(data)) + data
    command = b"\x08\x80\x01" + b"\x3a" + codecs._varint_encode(len(publish)) + publish
    return codecs._varint_encode(len(command)) + command


def patches():
    """Patches by hand, and what the package makes of them."""
    base = "the quick brown fox jumps over the lazy dog"
    targets = [base, base + "!", "the lazy dog", "lazy fox, quick dog"]
    print("\n    static let base = " + literal(base))
    print("    static let patches: [(patch: String, target: String)] = [")
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"

    def number(value):
        return (number(value >> 6) if value > 63 else "") + digits[value & 63]

    def patch(target):
        commands = []
        rest = target
        while rest:
            length = max((n for n in range(3, len(rest) + 1) if rest[:n] in base), default=0)
            if length:
                commands.append(f"{number(length)}@{number(base.index(rest[:length]))},")
            else:
                length = next((n for n in range(1, len(rest)) if rest[n:n + 3] in base), len(rest))
                commands.append(f"{number(length)}:{rest[:length]}")
            rest = rest[length:]
        return f"{number(len(target))}\n{''.join(commands)}{number(fossil.checksum(target.encode()))};"

    for target in targets:
        made = patch(target)
        assert fossil.apply_delta(base.encode(), made.encode()) == target.encode()
        print(f"        (\"{made.encode('unicode_escape').decode()}\", {literal(target)}),")
    print("    ]")


newer = extended()
print("""// Made by Conformance/realtime/vectors.py. Do not edit.

// swift-format-ignore-file

/// Messages as other people's code writes them: JSON by Python, Protobuf (in hex, after its length) by the classes of `centrifuge-python`.
enum Vectors {""", end="")
vectors("commands", client_pb2.Command, COMMANDS)
vectors("newerCommands", newer["Command"], NEWER_COMMANDS)
vectors("replies", client_pb2.Reply, REPLIES)
vectors("newerReplies", newer["Reply"], NEWER_REPLIES)
patches()
print("}")

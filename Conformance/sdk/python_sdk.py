"""PyPI `centrifuge-python`, a client of the protocol that is not ours, drives `heliograph serve`.  usage: python_sdk.py ws://HOST:PORT/connection/websocket json|protobuf"""

import asyncio
import json
import sys

from centrifuge import Client, ClientEventHandler, ClientState, DeltaType, Filter, ReplyError, StreamPosition, SubscriptionEventHandler, SubscriptionState

URL, FORMAT = sys.argv[1], sys.argv[2]
PROTOBUF = FORMAT == "protobuf"
PATIENCE = 10
number = 0


def payload(value):
    return json.dumps(value).encode() if PROTOBUF else value


def value(data):
    return json.loads(data) if PROTOBUF else data


class Events(SubscriptionEventHandler):
    """What a subscription was told, in its order."""

    def __init__(self):
        self.publications, self.joins, self.leaves, self.subscribed, self.unsubscribed, self.errors = [], [], [], [], [], []

    async def on_publication(self, context):
        self.publications.append(context.pub)

    async def on_join(self, context):
        self.joins.append(context.info)

    async def on_leave(self, context):
        self.leaves.append(context.info)

    async def on_subscribed(self, context):
        self.subscribed.append(context)

    async def on_unsubscribed(self, context):
        self.unsubscribed.append(context)

    async def on_error(self, context):
        self.errors.append(context)

    @property
    def values(self):
        return [value(publication.data) for publication in self.publications]


async def until(condition, what):
    for _ in range(PATIENCE * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never: %s" % what)


def channel(namespace):
    global number
    number += 1
    return "%s:%s-%d" % (namespace, FORMAT, number)


class Session:
    """Some clients, disconnected at the end."""

    def __init__(self):
        self.clients = []

    async def client(self, **options):
        client = Client(URL, use_protobuf=PROTOBUF, proxy=None, **options)
        self.clients.append(client)
        await client.connect()
        await client.ready(PATIENCE)
        return client

    async def subscribe(self, client, name, **options):
        events = Events()
        subscription = client.new_subscription(name, events, **options)
        await subscription.subscribe()
        await subscription.ready(PATIENCE)
        return subscription, events

    async def end(self):
        for client in self.clients:
            await client.disconnect()


async def refused(awaitable, code):
    try:
        await awaitable
    except ReplyError as error:
        assert error.code == code, error
        return
    raise AssertionError("not refused with %d" % code)


async def lose_connection(client):
    """As a network would: without a word."""
    client._conn.transport.abort()
    await until(lambda: client.state != ClientState.CONNECTED, "connection lost")


async def connecting(session):
    client = await session.client()
    assert client.state == ClientState.CONNECTED
    await client.disconnect()
    assert client.state == ClientState.DISCONNECTED
    await client.connect()
    await client.ready(PATIENCE)


async def publishing(session):
    name = channel("bench")
    (a, one), (_, two) = [await session.subscribe(await session.client(), name) for _ in range(2)]
    sent = [{"text": "hello"}, [1, 2, {"deep": [None, True]}], "κόσμε \U0001f30d", 1.5, {"newline": "a\nb"}]
    for data in sent:
        await a.publish(payload(data))
    for events in (one, two):
        await until(lambda: len(events.publications) == len(sent), "publications")
        assert events.values == sent, events.values
        assert events.publications[0].info.client


async def unsubscribing(session):
    name = channel("bench")
    client = await session.client()
    subscription, events = await session.subscribe(client, name)
    await subscription.unsubscribe()
    assert subscription.state == SubscriptionState.UNSUBSCRIBED
    await client.publish(name, payload(1))
    await subscription.subscribe()
    await subscription.ready(PATIENCE)
    await client.publish(name, payload(2))
    await until(lambda: events.values == [2], "the second alone")


async def presence(session):
    name = channel("recover")
    first, second = await session.client(), await session.client()
    a, events = await session.subscribe(first, name, join_leave=True)
    b, _ = await session.subscribe(second, name)
    await until(lambda: len(events.joins) == 2, "joins")
    clients = (await a.presence()).clients
    assert set(clients) == {join.client for join in events.joins}, clients
    stats = await b.presence_stats()
    assert (stats.num_clients, stats.num_users) == (2, 1), stats
    await b.unsubscribe()
    await until(lambda: len(events.leaves) == 1, "leave")
    assert len((await first.presence(name)).clients) == 1


async def history(session):
    name = channel("recover")
    client = await session.client()
    for index in range(1, 6):
        await client.publish(name, payload(index))
    top = await client.history(name, limit=0)
    assert top.offset == 5 and top.publications == [], top
    offsets = [publication.offset for publication in (await client.history(name, limit=-1)).publications]
    assert offsets == [1, 2, 3, 4, 5], offsets
    page = await client.history(name, limit=2, since=StreamPosition(2, top.epoch))
    assert [value(publication.data) for publication in page.publications] == [3, 4], page
    last = await client.history(name, limit=2, reverse=True)
    assert [publication.offset for publication in last.publications] == [5, 4], last
    await refused(client.history(name, limit=1, since=StreamPosition(2, "other")), 112)


async def recovery(session):
    name = channel("recover")
    client, publisher = await session.client(), await session.client()
    _, events = await session.subscribe(client, name, recoverable=True)
    for round in range(3):
        await publisher.publish(name, payload("before %d" % round))
        await until(lambda: events.values[-1:] == ["before %d" % round], "live")
        await lose_connection(client)
        for index in range(10):
            await publisher.publish(name, payload("missed %d %d" % (round, index)))
        await until(lambda: len(events.subscribed) == round + 2, "subscribed again")
        await publisher.publish(name, payload("after %d" % round))
        await until(lambda: events.values[-1:] == ["after %d" % round], "live again")
    wanted = [text for round in range(3) for text in ["before %d" % round] + ["missed %d %d" % (round, i) for i in range(10)] + ["after %d" % round]]
    assert events.values == wanted, events.values
    assert all(context.was_recovering and context.recovered for context in events.subscribed[1:])
    offsets = [publication.offset for publication in events.publications]
    assert offsets == list(range(1, len(wanted) + 1)), offsets


async def delta(session):
    name = channel("recover")
    client, publisher = await session.client(), await session.client()
    _, events = await session.subscribe(client, name, delta=DeltaType.FOSSIL, recoverable=True)
    states = [{"match": "A - B", "minute": minute, "events": ["kick-off", "throw-in", "corner", "goal kick", "free kick"]} for minute in range(30)]
    for state in states[:10]:
        await publisher.publish(name, payload(state))
    await until(lambda: len(events.publications) == 10, "live deltas")
    await lose_connection(client)
    for state in states[10:20]:
        await publisher.publish(name, payload(state))
    await until(lambda: len(events.publications) == 20, "recovered deltas")
    for state in states[20:]:
        await publisher.publish(name, payload(state))
    await until(lambda: len(events.publications) == 30, "live deltas again")
    assert events.values == states
    assert [publication.delta for publication in events.publications[1:10]] == [True] * 9


async def refusals(session):
    client = await session.client()
    await refused(client.rpc("nothing", payload(1)), 104)
    await refused(client.publish("nowhere:x", payload(1)), 102)
    await refused(client.history(channel("bench")), 108)
    for name, code in [("nowhere:x", 102), ("$bench:x", 103)]:
        events = Events()
        subscription = client.new_subscription(name, events)
        await subscription.subscribe()
        await until(lambda: events.unsubscribed, "refused")
        assert events.unsubscribed[0].code == code, events.unsubscribed


async def calling(session):
    client = await session.client()
    for data in ({"text": "κόσμε"}, [], "a\nb", None):
        result = await client.rpc("bench:echo", payload(data))
        assert value(result.data) == data, result


async def many_channels(session):
    client = await session.client()
    names = [channel("bench") for _ in range(100)]
    all_events = [(await session.subscribe(client, name))[1] for name in names]
    for name in names:
        await client.publish(name, payload(name))
    for name, events in zip(names, all_events):
        await until(lambda: events.values == [name], name)


async def filters(session):
    client = await session.client()
    subscription, _ = await session.subscribe(client, channel("recover"), tags_filter=Filter.all(Filter.eq("kind", "goal"), Filter.gte("minute", "45")))
    assert subscription.state == SubscriptionState.SUBSCRIBED
    events = Events()
    refused = client.new_subscription(channel("bench"), events, tags_filter=Filter.eq("kind", "goal"))
    await refused.subscribe()
    await until(lambda: events.unsubscribed, "refused")
    assert events.unsubscribed[0].code == 107, events.unsubscribed


CHECKS = [connecting, publishing, unsubscribing, presence, history, recovery, delta, refusals, calling, many_channels, filters]


async def main():
    passed = 0
    for check in CHECKS:
        session = Session()
        try:
            await asyncio.wait_for(check(session), 60)
            passed += 1
            print("    ok      %s" % check.__name__)
        except BaseException as error:
            print("    FAILED  %s: %s %s" % (check.__name__, type(error).__name__, error))
        await session.end()
    print("%d passed, %d failed" % (passed, len(CHECKS) - passed))


if __name__ == "__main__":
    asyncio.run(main())

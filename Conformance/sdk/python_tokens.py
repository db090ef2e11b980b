"""`centrifuge-python` against a server with tokens: who may come, until when, and what of it.

usage: python_tokens.py ws://HOST:PORT/connection/websocket json|protobuf http://HOST:PORT/api SECRET API_KEY
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.request

from centrifuge import Client, ClientEventHandler, ClientState, Filter, SubscriptionState

import python_sdk as sdk
from python_sdk import Events, until, value

API, SECRET, KEY = sys.argv[3:6]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(**claims):
    parts = [encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.new(SECRET.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join(parts + [encode(signature)])


def in_seconds(seconds):
    return int(time.time()) + seconds


async def api(method, **body):
    def call():
        request = urllib.request.Request(API + "/" + method, json.dumps(body).encode(), {"X-API-Key": KEY})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    answer = await asyncio.to_thread(call)
    assert "error" not in answer, answer
    return answer["result"]


class ClientEvents(ClientEventHandler):
    def __init__(self):
        self.disconnected, self.connecting, self.publications, self.subscribed, self.unsubscribed = [], [], [], [], []

    async def on_disconnected(self, context):
        self.disconnected.append(context)

    async def on_connecting(self, context):
        self.connecting.append(context)

    async def on_publication(self, context):
        self.publications.append((context.channel, value(context.pub.data)))

    async def on_subscribed(self, context):
        self.subscribed.append(context.channel)

    async def on_unsubscribed(self, context):
        self.unsubscribed.append(context.channel)


async def named(session):
    client = await session.client(token=token(sub="ada", info={"name": "Ada"}, exp=in_seconds(60)))
    name = sdk.channel("room")
    subscription, _ = await session.subscribe(client, name)
    present = list((await subscription.presence()).clients.values())
    assert [info.user for info in present] == ["ada"], present
    assert value(present[0].conn_info) == {"name": "Ada"}, present


async def refreshed(session):
    asked = []

    async def get_token():
        asked.append(time.time())
        return token(sub="ada", exp=in_seconds(3))

    events = ClientEvents()
    await session.client(get_token=get_token, events=events)
    await until(lambda: len(asked) >= 3, "two refreshes")
    assert not events.disconnected and len(events.connecting) == 1, (events.disconnected, events.connecting)


async def expired(session):
    """A client that has no new token is let go when its time and the grace are over, and stays away."""
    events = ClientEvents()
    client = await session.client(token=token(sub="ada", exp=in_seconds(1)), events=events)
    await until(lambda: events.connecting[1:] or events.disconnected, "the end")
    assert client.state != ClientState.CONNECTED


async def forged(session):
    events = ClientEvents()
    good = token(sub="ada")
    client = Client(sdk.URL, use_protobuf=sdk.PROTOBUF, proxy=None, token=good[:-4] + "AAAA", events=events)
    session.clients.append(client)
    await client.connect()
    await until(lambda: events.disconnected, "refused")
    assert events.disconnected[0].code == 3500, events.disconnected


async def server_side(session):
    events = ClientEvents()
    name = sdk.channel("room")
    await session.client(token=token(sub="grace", channels=[name]), events=events)
    await until(lambda: set(events.subscribed) == {name, "personal:#grace"}, "server-side subscriptions")
    await api("publish", channel=name, data={"n": 1})
    await api("publish", channel="personal:#grace", data={"n": 2})
    await until(lambda: len(events.publications) == 2, "publications")
    assert sorted(events.publications) == sorted([(name, {"n": 1}), ("personal:#grace", {"n": 2})]), events.publications
    await api("unsubscribe", channel=name, user="grace")
    await until(lambda: events.unsubscribed == [name], "unsubscribed")


async def private(session):
    client = await session.client(token=token(sub="ada"))
    name = sdk.channel("$room")
    asked = []

    async def get_token(channel):
        asked.append(channel)
        return token(sub="ada", channel=name, exp=in_seconds(3))

    subscription, events = await session.subscribe(client, name, get_token=get_token)
    await until(lambda: len(asked) >= 3, "two refreshes of the subscription")
    assert subscription.state == SubscriptionState.SUBSCRIBED and len(events.subscribed) == 1
    await api("publish", channel=name, data=1)
    await until(lambda: events.values == [1], "publication")
    other = Events()
    wrong = client.new_subscription(sdk.channel("$room"), other, token=token(sub="ada", channel=name))
    await wrong.subscribe()
    # Somebody else's token, or another channel's, ends the connection: it says that the application is broken, or worse.
    await until(lambda: client.state == ClientState.DISCONNECTED, "disconnected")


async def filtered(session):
    client = await session.client(token=token(sub="ada"))
    name = sdk.channel("room")
    late = Filter.all(Filter.eq("kind", "goal"), Filter.gte("minute", "45"))
    _, events = await session.subscribe(client, name, tags_filter=late, recoverable=True)
    _, everything = await session.subscribe(await session.client(token=token(sub="grace")), name)
    tags = [{"kind": kind, "minute": str(minute)} for minute in (3, 45, 60, 100) for kind in ("goal", "foul")]
    for index, tag in enumerate(tags):
        await api("publish", channel=name, data=index, tags=tag)
    await until(lambda: len(everything.publications) == len(tags), "all")
    await until(lambda: events.values == [2, 4, 6], "the filtered ones")
    await sdk.lose_connection(client)
    for index, tag in enumerate(tags):
        await api("publish", channel=name, data=100 + index, tags=tag)
    await until(lambda: events.values == [2, 4, 6, 102, 104, 106], "the filtered ones that were missed")
    assert events.subscribed[-1].recovered


async def disconnected(session):
    events = ClientEvents()
    await session.client(token=token(sub="lost"), events=events)
    await api("disconnect", user="lost")
    await until(lambda: events.disconnected, "disconnected")
    assert events.disconnected[0].code == 3503, events.disconnected


async def idempotent(session):
    client = await session.client(token=token(sub="ada"))
    name = sdk.channel("room")
    _, events = await session.subscribe(client, name)
    positions = [await api("publish", channel=name, data="once", idempotency_key="k") for _ in range(3)]
    assert positions[0] == positions[1] == positions[2], positions
    await api("publish", channel=name, data="end")
    await until(lambda: events.values[-1:] == ["end"], "the end")
    assert events.values == ["once", "end"], events.values


sdk.CHECKS[:] = [named, refreshed, expired, forged, server_side, private, filtered, disconnected, idempotent]
asyncio.run(sdk.main())

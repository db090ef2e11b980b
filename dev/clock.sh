#!/bin/bash
# The clock of the day jumps by a day, there and back, while `heliograph serve` runs (R3): nobody is disconnected, pings go on, what is published arrives and is kept; only tokens are judged by the
# new time, as they must be. By dev/clock.c, which is preloaded. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh || exit 2
programs debug heliograph
python=${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python
cc -shared -fPIC -O2 -Wall -o "$scratch/clock.so" dev/clock.c -ldl || exit 2
export KEY SECRET
KEY=$(openssl rand -hex 24) SECRET=$(openssl rand -hex 32)
cat >"$scratch/serve.yaml" <<YAML
client: {allow_anonymous: true, ping_interval: 2s, pong_timeout: 1s, token: {hmac_secret_key: "$SECRET"}}
channel:
  without_namespace:
    {presence: true, history_size: 100, history_ttl: 300s, force_recovery: true, allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true}
http_api: {key: "$KEY"}
YAML
echo 0 >"$scratch/time"
start "$scratch/serve.log" env LD_PRELOAD="$scratch/clock.so" CLOCK_OFFSET="$scratch/time" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --config "$scratch/serve.yaml"
timeout 120 "$python" - "$port" "$scratch/time" <<'PY'
import asyncio, base64, hashlib, hmac, json, os, sys, time, urllib.request

import websockets

port, clock = sys.argv[1:]
passed, failed = 0, 0


def check(name, is_true):
    global passed, failed
    passed, failed = passed + bool(is_true), failed + (not is_true)
    print("ok" if is_true else "not ok", name, flush=True)


def token(**claims):
    def encode(part):
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    content = encode(b'{"alg":"HS256"}') + b"." + encode(json.dumps(claims).encode())
    return (content + b"." + encode(hmac.digest(os.environ["SECRET"].encode(), content, hashlib.sha256))).decode()


def call(method, **body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/{method}", json.dumps(body).encode(), {"X-API-Key": os.environ["KEY"]})
    return json.load(urllib.request.urlopen(request))["result"]


class Client:
    def __init__(self, text=""):
        self.text, self.seen, self.pings, self.error = text, [], 0, None
        self.ready = asyncio.Event()

    async def run(self):
        async with websockets.connect(f"ws://127.0.0.1:{port}/connection/websocket") as socket:
            await socket.send(json.dumps({"id": 1, "connect": {"token": self.text}}))
            await socket.send(json.dumps({"id": 2, "subscribe": {"channel": "news"}}))
            async for message in socket:
                for line in message.splitlines():
                    reply = json.loads(line)
                    if not reply:
                        self.pings += 1
                        await socket.send("{}")
                    elif "error" in reply:
                        self.error = reply["error"]["code"]
                        return
                    elif "subscribe" in reply:
                        self.ready.set()
                    elif "pub" in reply.get("push", {}):
                        self.seen.append(reply["push"]["pub"]["data"])


async def answer(text):
    """The code of what a token is answered; None if it is good."""
    client = Client(text)
    task = asyncio.create_task(client.run())
    await asyncio.wait([task, ready := asyncio.create_task(client.ready.wait())], timeout=5, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return client.error


async def main():
    now = int(time.time())
    clients = [Client() for _ in range(10)] + [Client(token(sub="42")) for _ in range(10)] + [Client(token(sub="42", exp=now + 7 * 86_400)) for _ in range(10)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    await asyncio.gather(*(asyncio.wait_for(client.ready.wait(), 10) for client in clients))
    hour = token(sub="42", exp=now + 3_600)
    sent = []
    for number, (jump, verdict) in enumerate([(0, None), (86_400, 109), (-86_400, None), (86_400, 109), (0, None)]):
        with open(clock, "w") as file:
            file.write(f"{jump}\n")
        before = [client.pings for client in clients]
        await asyncio.sleep(5)
        sent.append(number)
        call("publish", channel="news", data=number, idempotency_key=f"k{number}")
        # Sent again after a jump, it is the same publication.
        call("publish", channel="news", data="twice", idempotency_key="k0")
        await asyncio.sleep(0.5)
        check(f"{jump:+} s: nobody is disconnected", not any(task.done() for task in tasks))
        check(f"{jump:+} s: pings go on", all(client.pings > count for client, count in zip(clients, before)))
        check(f"{jump:+} s: what is published arrives, once", all(client.seen == sent for client in clients))
        check(f"{jump:+} s: history is kept", len(call("history", channel="news", limit=-1)["publications"]) == len(sent))
        check(f"{jump:+} s: all are present", call("presence_stats", channel="news")["num_clients"] == len(clients))
        check(f"{jump:+} s: a token for an hour is {'too old' if verdict else 'good'}", await answer(hour) == verdict)
    for task in tasks:
        task.cancel()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


asyncio.run(main())
PY
status=$?
kill -0 "$pid" 2>/dev/null || { tail -n 20 "$scratch/serve.log"; status=1; }
exit $status

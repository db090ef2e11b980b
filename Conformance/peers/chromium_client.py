"""Chromium talks to our echo, from a page of ours. usage: chromium_client.py BASE-URL       (http://127.0.0.1:8080)

Started headless with a profile of its own and driven through its debugging protocol. Certificates are not verified.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile

from websockets.asyncio.client import connect

BASE = sys.argv[1]

# Runs in the page; the promise's value comes back as JSON: [[name, error or null], …]
SCRIPT = r"""
(async () => {
  const url = location.origin.replace('http', 'ws') + '/echo';
  const open = () => new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    const waiting = [], arrived = [];
    socket.onmessage = ({ data }) => waiting.length ? waiting.shift()(data) : arrived.push(data);
    socket.next = () => arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve));
    socket.closed = new Promise((resolve) => { socket.onclose = resolve; });
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error('it could not connect'));
  });
  const equal = (a, b) => { if (a !== b) throw new Error(`${a} is not ${b}`); };
  const hex = (bytes) => new Uint8Array(bytes).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7) + '/' + bytes.byteLength;
  const checks = {
    async extension(socket) { equal(socket.extensions.split(';')[0], 'permessage-deflate'); },
    async text(socket) {
      for (const message of ['hello', '', 'κόσμε 🌍', 'x'.repeat(70000)]) { socket.send(message); equal(await socket.next(), message); }
    },
    async binary(socket) {
      for (const count of [0, 1, 125, 126, 65536, 1 << 20]) {
        const bytes = Uint8Array.from({ length: count }, (_, i) => i * 31);
        socket.send(bytes);
        equal(hex(await socket.next()), hex(bytes.buffer));
      }
    },
    async inFlight(socket) {
      for (let number = 0; number < 500; number++) socket.send(String(number));
      for (let number = 0; number < 500; number++) equal(await socket.next(), String(number));
    },
    async closeCodes(socket) {
      socket.close(4001, 'enough');
      const { code, wasClean } = await socket.closed;
      equal(code, 4001);
      equal(wasClean, true);
    },
  };
  const results = [];
  for (const [name, check] of Object.entries(checks)) {
    try { await check(await open()); results.push([name, null]); } catch (error) { results.push([name, String(error)]); }
  }
  return JSON.stringify(results);
})()
"""


async def call(socket, number, method, **parameters):
    await socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
    async for message in socket:
        answer = json.loads(message)
        if answer.get("id") == number:
            return answer.get("result", answer)


async def wait_for(path):
    for _ in range(400):
        if os.path.exists(path) and (text := open(path).read()).count("\n"):
            return text
        await asyncio.sleep(0.05)
    raise TimeoutError("Chromium did not start")


async def talk(profile):
    port, path = (await wait_for(os.path.join(profile, "DevToolsActivePort"))).split("\n")[:2]
    async with connect("ws://127.0.0.1:%s%s" % (port, path), max_size=None) as browser:
        target = (await call(browser, 1, "Target.createTarget", url=BASE + "/"))["targetId"]
    async with connect("ws://127.0.0.1:%s/devtools/page/%s" % (port, target), max_size=None) as page:
        for number in range(2, 200):
            state = await call(page, number, "Runtime.evaluate", expression="location.origin + ' ' + document.readyState")
            if state.get("result", {}).get("value") == BASE + " complete":
                break
            await asyncio.sleep(0.05)
        answer = await call(page, 1000, "Runtime.evaluate", expression=SCRIPT, awaitPromise=True)
        if "value" not in answer.get("result", {}):
            raise RuntimeError(json.dumps(answer))
        return json.loads(answer["result"]["value"])


def main():
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    profile = tempfile.mkdtemp()
    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--ignore-certificate-errors",
                 "--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir=" + profile, "about:blank"]
    process = subprocess.Popen([browser] + arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        results = asyncio.run(asyncio.wait_for(talk(profile), 120))
    except Exception as error:
        results = [["Chromium", "%s %s" % (type(error).__name__, error)]]
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)
    for name, error in results:
        print("    FAILED  %s: %s" % (name, error) if error else "    ok      %s" % name)
    failed = sum(error is not None for _, error in results)
    print("%d passed, %d failed" % (len(results) - failed, failed))


main()

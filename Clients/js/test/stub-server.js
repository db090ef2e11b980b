// The fallback transports of a server (http_stream, sse, /emulation), as the protocol describes them; no WebSocket.
import { createServer } from "node:http";

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export class StubServer {
  requests = []; // "METHOD path"
  posts = []; // the data of each POST to /emulation
  refuse = new Set(["/connection/websocket"]); // paths that answer 404
  emulationStatus = 204;
  #sessions = new Map();
  #number = 0;

  async start() {
    this.server = createServer((request, response) => this.#handle(request, response).catch(() => response.destroy()));
    this.server.on("upgrade", (request, socket) => {
      this.requests.push(`UPGRADE ${request.url}`);
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.endpoint = `ws://127.0.0.1:${this.server.address().port}/connection/websocket`;
    return this;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Ends the connections, after a last word. */
  end(...replies) {
    for (const session of this.#sessions.values()) {
      if (replies.length) session.write(replies);
      session.response.end();
    }
    this.#sessions.clear();
  }

  /** Bytes as they are, in one piece each, to everybody. */
  async raw(...pieces) {
    for (const piece of pieces) {
      for (const { response } of this.#sessions.values()) response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #handle(request, response) {
    const path = request.url;
    this.requests.push(`${request.method} ${path}`);
    const body = await readBody(request);
    if (this.refuse.has(path)) return response.writeHead(404).end();
    if (path === "/emulation") {
      const { session, node, data } = JSON.parse(body);
      this.posts.push(data);
      response.writeHead(this.emulationStatus).end();
      const found = this.#sessions.get(session);
      if (found && node === "n1") this.#commands(found, data);
      return;
    }
    const events = path === "/connection/sse";
    response.writeHead(200, { "content-type": events ? "text/event-stream" : "application/octet-stream", "cache-control": "no-cache" });
    if (events) response.write("\r\n");
    const id = `s${++this.#number}`;
    const write = (replies) => {
      const lines = replies.map((reply) => JSON.stringify(reply));
      response.write(events ? lines.map((line) => `data: ${line}\n\n`).join("") : `${lines.join("\n")}\n`);
    };
    const session = { id, response, write };
    this.#sessions.set(id, session);
    response.on("close", () => this.#sessions.delete(id));
    this.#commands(session, body);
  }

  #commands(session, data) {
    const replies = [];
    for (const { id, ...command } of data.split("\n").map((line) => JSON.parse(line))) {
      const [name] = Object.keys(command);
      if (!name) session.ponged = true;
      else if (name === "connect") replies.push({ id, connect: { client: session.id, session: session.id, node: "n1", ping: 25, pong: true } });
      else replies.push({ id, [name]: {} });
      if (name === "publish") replies.push({ push: { channel: command.publish.channel, pub: { data: command.publish.data } } });
    }
    if (replies.length) session.write(replies);
  }
}

// What the pages of channels share: the connection to the server's hub, and its state in words.
import { Client } from "/assets/heliograph.js";

/** A client that connects; all demos of this server are at one endpoint. */
export const connect = (options) => new Client("/demo/connection/websocket", options).connect();

/** Connects at once, whatever the client was waiting for. */
export const connectNow = (client) => client.disconnect().connect();

const lost = new WeakSet();

/** The client's state as a person would tell it: open, connecting (for the first time), waiting (to come back), offline, or stopped. */
export function stateOf(client) {
  if (client.state === "connected") return "open";
  if (client.state === "disconnected") return "stopped";
  if (!navigator.onLine) return "offline";
  return lost.has(client) ? "waiting" : "connecting";
}

const words = { open: "Live", connecting: "Connecting…", waiting: "Connecting again…", offline: "No network", stopped: "Not connected" };

const watching = new WeakMap(); // element → what ends its showing of an earlier client

/** Shows that state in an element, as `data-state` and in words, and tells `then` of every change. Screen readers hear each change once. */
export function showState(client, element, then = () => {}) {
  watching.get(element)?.abort();
  const controller = new AbortController();
  const { signal } = controller;
  watching.set(element, controller);
  const show = () => {
    if (signal.aborted) return;
    const state = stateOf(client);
    if (element.dataset.state !== state || element.textContent !== words[state]) {
      element.dataset.state = state;
      element.textContent = words[state];
    }
    then(state);
  };
  client.on("connecting", ({ code }) => code && lost.add(client));
  client.on("error", () => lost.add(client) && show());
  client.on("connected", () => lost.delete(client));
  for (const name of ["connecting", "connected", "disconnected"]) client.on(name, show);
  addEventListener("online", show, { signal });
  addEventListener("offline", show, { signal });
  show();
}

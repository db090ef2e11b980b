// What the pages of channels share: the connection to the server's hub, and its state in words.
import { Client } from "/assets/heliograph.js";

/** A client that connects; all demos of this server are at one endpoint. */
export const connect = (options) => new Client("/demo/connection/websocket", options).connect();

const words = { connected: "Live", connecting: "Connecting…", disconnected: "Not connected" };

/** Shows the state of a client in an element, as `data-state` (connected, connecting, disconnected) and as text. */
export function showState(client, element) {
  const show = () => {
    const state = client.state === "connecting" && !navigator.onLine ? "offline" : client.state;
    element.dataset.state = state;
    element.textContent = words[state] ?? "No network";
  };
  client.on("state", show);
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
  return show;
}

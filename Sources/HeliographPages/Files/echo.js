// The echo page: sends, shows the frames that went and came, and keeps the time.
import { Connection, showState } from "/assets/socket.js";
import { bytesFromHex, describe, frame, hex } from "/assets/frames.js";

const byID = (id) => document.getElementById(id);
const mostFrames = 60;
const mostTrips = 100;
const mostBytesShown = 64;
const largest = 64 * 1024;

const connection = new Connection("/demo/echo");
const form = byID("form");
const payload = byID("payload");
const waiting = []; // { at, entry }, oldest first: echoes come back in order
let trips = []; // ms
let series = 0; // round trips still to make
const drafts = { text: payload.value, binary: "48 65 6c 69 6f 00 ff 10" };

const renderState = showState(connection, byID("state"));

connection.onstate = (state) => {
  renderState();
  const open = state === "open";
  for (const button of form.querySelectorAll("[type=submit], #series")) button.disabled = !open;
  byID("toggle").textContent = open || state === "connecting" ? "Disconnect" : "Connect";
  if (open) note("The connection is open.");
  if (state === "waiting" || state === "stopped") closed();
};

function closed() {
  series = 0;
  for (const { entry } of waiting.splice(0)) entry?.trip.replaceChildren("no answer");
  const close = connection.lastClose;
  if (!close) return;
  const words = close.code === 1006 ? "The connection was lost without a close frame (1006)" : `The connection was closed with code ${close.code}`;
  note(`${words}${close.reason ? `: ${close.reason}` : ""}.`);
}

connection.onmessage = (data) => {
  const now = performance.now();
  const sent = waiting.shift();
  const isText = typeof data === "string";
  const bytes = isText ? new TextEncoder().encode(data) : new Uint8Array(data);
  if (sent) {
    const took = now - sent.at;
    trips.push(took);
    trips = trips.slice(-mostTrips);
    if (sent.entry) sent.entry.trip.textContent = milliseconds(took);
  }
  if (sent?.entry || !sent) show("in", frame(isText ? 1 : 2, bytes), isText ? data : null, bytes);
  if (series > 0) return nextOfSeries();
  drawTrips();
};

// Sending

function read() {
  const kind = form.elements.kind.value;
  if (kind === "text") return { opcode: 1, data: payload.value, bytes: new TextEncoder().encode(payload.value) };
  const bytes = bytesFromHex(payload.value);
  return { opcode: 2, data: bytes, bytes };
}

function message() {
  let wanted = null;
  let problem = "";
  try {
    wanted = read();
    if (wanted.bytes.length > largest) problem = "That is more than 64 KiB.";
  } catch (error) {
    problem = error.message;
  }
  const line = byID("payload-error");
  line.textContent = problem;
  line.hidden = problem === "";
  payload.setAttribute("aria-invalid", String(problem !== ""));
  if (problem === "") return wanted;
  payload.focus();
  return null;
}

function transmit({ opcode, data, bytes }, isShown) {
  const at = performance.now();
  if (!connection.send(data)) return false;
  const key = crypto.getRandomValues(new Uint8Array(4));
  const entry = isShown ? show("out", frame(opcode, bytes, [...key]), opcode === 1 ? data : null, bytes) : null;
  waiting.push({ at, entry });
  return true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (series > 0) return;
  const wanted = message();
  if (wanted) transmit(wanted, true);
});

payload.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

byID("series").addEventListener("click", () => {
  if (series > 0 || !message()) return;
  trips = [];
  series = 100;
  note("100 round trips, one after the other. Their frames are not listed.");
  nextOfSeries();
});

function nextOfSeries() {
  series -= 1;
  if (series % 5 === 0) drawTrips();
  let wanted = null;
  try {
    wanted = read();
  } catch {}
  if (!wanted || wanted.bytes.length > largest || !transmit(wanted, false)) series = 0;
}

byID("toggle").addEventListener("click", () => {
  if (connection.state === "open" || connection.state === "connecting") {
    connection.stop(1000, "bye");
    note("Closed by this page with code 1000.");
  } else {
    connection.retryNow();
  }
});

for (const radio of form.elements.kind) {
  radio.addEventListener("change", () => {
    const isText = form.elements.kind.value === "text";
    drafts[isText ? "binary" : "text"] = payload.value;
    payload.value = drafts[isText ? "text" : "binary"];
    byID("payload-label").textContent = isText ? "Message" : "Bytes, as hexadecimal";
    byID("payload-hint").textContent = isText ? "UTF-8, up to 64 KiB." : "Two digits each; spaces, commas and 0x are fine.";
    byID("payload-error").hidden = true;
    payload.removeAttribute("aria-invalid");
  });
}

// Showing

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function show(direction, framed, text, bytes) {
  const item = element("li", `frame ${direction}`);
  const trip = element("span", "trip", direction === "out" ? "…" : "");
  const shown = text === null ? "" : text.length > 400 ? `${text.slice(0, 400)}…` : text;
  const list = element("div", "bytes");
  list.setAttribute("role", "img");
  list.setAttribute("aria-label", `Bytes: ${[...framed.header, ...framed.key, ...framed.body].slice(0, 24).map(hex).join(" ")}`);
  const room = mostBytesShown - framed.header.length - framed.key.length;
  for (const byte of framed.header) list.append(element("span", "byte head", hex(byte)));
  for (const byte of framed.key) list.append(element("span", "byte mask", hex(byte)));
  for (const byte of framed.body.slice(0, room)) list.append(element("span", "byte body", hex(byte)));
  if (bytes.length > room) list.append(element("span", "byte more", `and ${(bytes.length - room).toLocaleString()} more`));
  item.append(element("span", "direction", direction === "out" ? "↑ Sent" : "↓ Received"), element("span", "facts", describe(framed)), trip);
  if (shown) item.append(element("div", "shown", shown));
  item.append(list);
  add(item);
  return { item, trip };
}

function note(text) {
  add(element("li", "frame note", text));
}

function add(item) {
  const list = byID("frames");
  list.prepend(item);
  while (list.childElementCount > mostFrames) list.lastElementChild.remove();
  byID("none").hidden = true;
}

byID("clear").addEventListener("click", () => {
  byID("frames").replaceChildren();
  byID("none").hidden = false;
  trips = [];
  drawTrips();
});

const milliseconds = (value) => (value === undefined ? "–" : `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`);

function drawTrips() {
  const sorted = [...trips].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  byID("last").textContent = milliseconds(trips.at(-1));
  byID("fastest").textContent = milliseconds(sorted[0]);
  byID("median").textContent = milliseconds(at(0.5));
  byID("high").textContent = milliseconds(at(0.95));
  byID("trip-count").textContent = trips.length === 0 ? "none yet" : `the last ${trips.length}`;

  const chart = byID("chart");
  const make = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  // The scale is made for the many: a hiccup that would flatten them is cut at the top and shown in another tone.
  const top = Math.max(at(0.9) * 1.25 || 0, at(0.5) * 3 || 0, 0.1);
  const slots = Math.max(24, trips.length);
  const width = 400 / slots;
  const height = (value) => Math.max(2, Math.min(1, value / top) * 118);
  const bars = trips.map((value, index) =>
    make("rect", { class: value > top ? "over" : "", x: index * width + width * 0.12, y: 120 - height(value), width: width * 0.76, height: height(value), rx: Math.min(2, width * 0.3) }),
  );
  const middle = at(0.5);
  if (middle !== undefined) bars.push(make("line", { x1: 0, x2: 400, y1: 120 - height(middle), y2: 120 - height(middle) }));
  chart.replaceChildren(...bars);
  chart.setAttribute(
    "aria-label",
    trips.length === 0 ? "No round trips yet" : `${trips.length} round trips, median ${milliseconds(middle)}, 95 percent within ${milliseconds(at(0.95))}`,
  );
}

drawTrips();
connection.start();

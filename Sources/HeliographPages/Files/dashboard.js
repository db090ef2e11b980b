// The dashboard: the server's figures from the channel dashboard:server, once a second.
import { connect, showState } from "/assets/live.js";
import { LineChart } from "/assets/line-chart.js";
import { bytes, duration, milliseconds } from "/assets/units.js";

const byID = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const kept = 300; // points
const count = (value) => number.format(Math.round(value * 10) / 10);
const percent = (value) => `${number.format(Math.round(value * 1_000) / 10)} %`;
const worst = (name) => (figures) => figures.loops.reduce((most, loop) => Math.max(most, loop[name]), 0);

const figures = [
  { title: "Open sockets", format: count, series: [{ name: "sockets", value: (f) => f.connections }, { name: "clients of channels", value: (f) => f.sessions }], least: 5 },
  { title: "Messages per second", format: count, series: [{ name: "in", value: (f) => f.messagesIn }, { name: "out", value: (f) => f.messagesOut }], least: 10 },
  { title: "Bytes per second", format: bytes, series: [{ name: "in", value: (f) => f.bytesIn }, { name: "out", value: (f) => f.bytesOut }], least: 1_000 },
  { title: "CPU, of one core", format: percent, series: [{ name: "used", value: (f) => f.cpu }], least: 0.1 },
  { title: "Memory", format: bytes, series: [{ name: "resident", value: (f) => f.memory }], least: 10_000_000 },
  { title: "Event loop delay", format: milliseconds, series: [{ name: "p50", value: worst("p50") }, { name: "p99", value: worst("p99") }], least: 1 },
  { title: "Published until seen here", format: milliseconds, series: [{ name: "latency", value: (f) => f.latency }], least: 1 },
];
const charts = figures.map((options) => new LineChart(options));
byID("charts").append(...charts.map((chart) => chart.element));

const client = connect();
let points = []; // figures, oldest first
let arrived = []; // while the history is loaded, what came meanwhile
let offset = null; // of the server's clock to ours, in ms
let bestTrip = Infinity;
const now = () => performance.timeOrigin + performance.now();

showState(client, byID("state"), (state) => {
  // An old figure that looks live would be a lie.
  if (state !== "open") for (const id of ["uptime", "connections", "channels", "messages", "trip", "people"]) byID(id).textContent = "–";
});
client.on("connected", () => {
  offset = null;
  bestTrip = Infinity;
  compareClocks();
});

const channel = client.subscription("dashboard:server", { delta: "fossil" });
channel.on("subscribed", async ({ recovered }) => {
  if (recovered && !arrived) return;
  arrived = [];
  try {
    const { publications } = await channel.history({ limit: kept });
    points = publications.map(({ data }) => data);
  } catch {
    return; // There is another subscribing, and another try.
  }
  for (const data of arrived) add(data);
  arrived = null;
  show();
});
channel.on("publication", ({ data }) => {
  if (offset !== null) data.latency = Math.max(0, now() + offset - data.time);
  if (arrived) return arrived.push(data);
  add(data);
  show();
});
channel.subscribe();

function add(data) {
  if (data.time <= (points.at(-1)?.time ?? 0)) return;
  points.push(data);
  if (points.length > kept) points.shift();
}

/** The quickest answer tells best what the server's clock shows. */
async function compareClocks() {
  try {
    const start = now();
    const { data } = await client.rpc("dashboard:time");
    const end = now();
    byID("trip").textContent = milliseconds(end - start);
    if (end - start > bestTrip) return;
    bestTrip = end - start;
    offset = data.time - (start + end) / 2;
  } catch {
    // The connection was lost; with the next one the clocks are compared anew.
  }
}
setInterval(() => client.state === "connected" && document.visibilityState === "visible" && compareClocks(), 2_000);

function show() {
  const last = points.at(-1);
  if (!last) return;
  byID("uptime").textContent = duration(last.uptime);
  byID("connections").textContent = number.format(last.connections);
  byID("channels").textContent = number.format(last.channels);
  byID("messages").textContent = number.format(last.messages);
  byID("people").textContent = number.format(last.people);
  if (document.visibilityState === "hidden") return;
  for (const chart of charts) chart.draw(points);
  if (byID("table").open) showTable();
}
document.addEventListener("visibilitychange", show);
byID("table").addEventListener("toggle", showTable);

function showTable() {
  const columns = figures.flatMap(({ title, format, series }) => series.map(({ name, value }) => ({ name: `${title}, ${name}`, format, value })));
  const cell = (tag, text, scope) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (scope) made.scope = scope;
    return made;
  };
  byID("table-head").replaceChildren(cell("th", "Time", "col"), ...columns.map(({ name }) => cell("th", name, "col")));
  const rows = points.filter((_, index) => (points.length - 1 - index) % 10 === 0).reverse();
  byID("table-body").replaceChildren(
    ...rows.map((point) => {
      const row = document.createElement("tr");
      const values = columns.map(({ format, value }) => (value(point) === undefined ? "–" : format(value(point))));
      row.append(cell("th", clock.format(point.time), "row"), ...values.map((text) => cell("td", text)));
      return row;
    }),
  );
}

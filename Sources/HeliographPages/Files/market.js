// The market: one channel with all prices, and two of the selected symbol.
import { connect, showState } from "/assets/live.js";
import { Chart } from "/assets/market-chart.js";
import { Book, Tape } from "/assets/market-book.js";
import { Table } from "/assets/market-table.js";
import { Meter } from "/assets/market-meter.js";
import { changeText, flash, movement, priceText, showMovement, volumeText } from "/assets/market-values.js";

const byID = (id) => document.getElementById(id);
const meter = new Meter();
const client = connect({ WebSocket: meter.WebSocket });
const table = new Table((symbol) => {
  select(symbol);
  // On a phone the list is below.
  if (byID("symbol-name").getBoundingClientRect().bottom < 0) byID("symbol-name").scrollIntoView();
});
const chart = new Chart(byID("chart"), byID("readout"));
const book = new Book();
const tape = new Tape();

let symbols = []; // in the order of the prices
let selected = null;
let subscriptions = [];

// The connection

showState(client, byID("state"));
client.on("state", ({ state }) => state !== "connected" && meter.pause());

client.on("connected", async () => {
  meter.start(client);
  // After a restart the companies are others.
  try {
    await load();
  } catch {
    // The connection is gone again; the next one asks again.
  }
});

async function load() {
  const { data } = await client.rpc("market:symbols");
  const loaded = data.symbols.map(([symbol, name, sector, open, price, volume, moves]) => ({ symbol, name, sector, open, price, volume, moves }));
  const isSame = symbols.length === loaded.length && symbols.every(({ symbol, open }, at) => symbol === loaded[at].symbol && open === loaded[at].open);
  symbols = loaded;
  table.load(symbols, data.sectors);
  if (isSame) return;
  selected = null;
  const wanted = decodeURIComponent(location.hash.slice(1)).toUpperCase();
  // At first the one that most is traded of.
  const busiest = symbols.reduce((one, other) => (other.volume > one.volume ? other : one));
  select((symbols.find(({ symbol }) => symbol === wanted) ?? busiest).symbol);
}

client
  .subscription("market:overview", { delta: "fossil" })
  .on("publication", (publication) => {
    meter.note(publication);
    table.update(publication.data);
  })
  .subscribe();

// The selected symbol

function select(symbol) {
  const listing = symbols.find((each) => each.symbol === symbol);
  if (!listing || listing.symbol === selected?.symbol) return;
  for (const subscription of subscriptions) subscription.remove();
  selected = listing;
  history.replaceState(null, "", `#${symbol}`);
  table.select(symbol);
  showSymbol(listing);
  chart.clear();
  book.clear();
  tape.clear();
  subscriptions = [followBook(listing), followTape(listing)];
}

function followBook(listing) {
  return client
    .subscription(`market:book.${listing.symbol}`, { delta: "fossil" })
    .on("subscribed", () => loadChart(listing))
    .on("publication", (publication) => {
      meter.note(publication);
      const { data } = publication;
      showPrice(listing, data);
      book.show(data);
      chart.add(data.candle);
    })
    .subscribe();
}

async function loadChart(listing) {
  try {
    const { data } = await client.rpc("market:candles", { symbol: listing.symbol });
    if (listing === selected) chart.load(data, listing.open);
  } catch {
    // The next subscribe loads it.
  }
}

function followTape(listing) {
  const subscription = client.subscription(`tape:${listing.symbol}`);
  return subscription
    .on("subscribed", async ({ wasRecovering, recovered }) => {
      if (wasRecovering && recovered) return;
      const { publications } = await subscription.history({ limit: 20, reverse: true }).catch(() => ({ publications: [] }));
      if (listing === selected) tape.load(publications.reverse());
    })
    .on("publication", (publication) => {
      meter.note(publication);
      tape.add(publication);
    })
    .subscribe();
}

function showSymbol({ symbol, name, sector }) {
  byID("symbol-name").textContent = `${symbol} · ${name}`;
  byID("symbol-facts").textContent = `${table.sectors[sector]}`;
  byID("price").textContent = "–";
  byID("change").textContent = "–";
  document.title = `${symbol} · Market · Heliograph`;
}

let shownPrice = null;

function showPrice(listing, { price, high, low, volume }) {
  byID("symbol-facts").textContent = `${table.sectors[listing.sector]} · day ${priceText(low)} to ${priceText(high)} · volume ${volumeText(volume)}`;
  byID("price").textContent = priceText(price);
  byID("change").textContent = changeText(price, listing.open);
  showMovement(byID("change"), movement(price, listing.open));
  if (shownPrice?.listing === listing && shownPrice.price !== price) flash(byID("price"), movement(price, shownPrice.price));
  shownPrice = { listing, price };
}

for (const input of document.querySelectorAll("[name=kind]")) {
  input.addEventListener("change", () => chart.draw(input.value));
}

addEventListener("hashchange", () => select(decodeURIComponent(location.hash.slice(1)).toUpperCase()));

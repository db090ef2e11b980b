// The order book and the trades of the selected symbol.
import { priceText, timeText, volumeText } from "/assets/market-values.js";

const byID = (id) => document.getElementById(id);
const depth = 10;
const longest = 21; // trades shown: as tall as the book

function cells(row, texts, numbers) {
  while (row.cells.length < texts.length) {
    const cell = row.insertCell();
    if (numbers[row.cells.length - 1]) cell.className = "number";
  }
  for (const [at, text] of texts.entries()) if (row.cells[at].textContent !== text) row.cells[at].textContent = text;
}

export class Book {
  constructor() {
    for (const id of ["asks", "bids"]) while (byID(id).rows.length < depth) cells(byID(id).insertRow(), ["–", "", ""], [false, true, true]);
  }

  clear() {
    for (const id of ["asks", "bids"]) for (const row of byID(id).rows) this.#fill(row);
    byID("spread").textContent = "–";
  }

  show({ asks, bids }) {
    const sums = (levels) => levels.reduce((all, [, quantity]) => [...all, (all.at(-1) ?? 0) + quantity], []);
    const [askSums, bidSums] = [sums(asks), sums(bids)];
    const most = Math.max(askSums.at(-1) ?? 0, bidSums.at(-1) ?? 0, 1);
    // The best prices meet in the middle.
    for (let at = 0; at < depth; at++) {
      this.#fill(byID("asks").rows[depth - 1 - at], asks[at], askSums[at], most);
      this.#fill(byID("bids").rows[at], bids[at], bidSums[at], most);
    }
    const spread = asks.length && bids.length ? asks[0][0] - bids[0][0] : null;
    byID("spread").textContent = spread === null ? "–" : `Spread ${priceText(spread)}`;
  }

  #fill(row, level, sum, most) {
    cells(row, level ? [priceText(level[0]), String(level[1]), volumeText(sum)] : ["–", "", ""], [false, true, true]);
    row.classList.toggle("depth", Boolean(level));
    row.style.setProperty("--depth", level ? `${((sum / most) * 100).toFixed(1)}%` : "0%");
  }
}

export class Tape {
  #trades = [];
  #times = []; // when the last ones came, for the rate
  #frame = null;

  clear() {
    this.#trades = [];
    this.#times = [];
    this.#later();
  }

  load(publications) {
    this.clear();
    for (const publication of publications) this.#take(publication);
    this.#later();
  }

  add(publication) {
    for (const _ of publication.data.trades) this.#times.push(publication.data.t);
    this.#times = this.#times.filter((time) => time > publication.data.t - 10_000);
    this.#take(publication);
    this.#later();
  }

  #take({ data: { t, trades } }) {
    for (const [price, quantity] of trades) this.#trades.unshift({ t, price, quantity });
    this.#trades.length = Math.min(this.#trades.length, longest);
  }

  #later() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#show();
    });
  }

  #show() {
    const body = byID("tape");
    while (body.rows.length > this.#trades.length) body.deleteRow(-1);
    for (const [at, { t, price, quantity }] of this.#trades.entries()) {
      const row = body.rows[at] ?? body.insertRow();
      cells(row, [timeText(t), `${quantity > 0 ? "▲" : "▼"} ${priceText(price)}`, String(Math.abs(quantity))], [false, true, true]);
      row.cells[1].classList.toggle("rising", quantity > 0);
      row.cells[1].classList.toggle("falling", quantity < 0);
    }
    byID("tape-rate").textContent = this.#times.length ? `${(this.#times.length / 10).toFixed(1)} /s` : "–";
  }
}

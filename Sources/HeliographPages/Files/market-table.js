// The list of all symbols: sorted, searched, with a small picture of the last minutes in each row.
import { change, changeText, flash, movement, priceText, showMovement, volumeText } from "/assets/market-values.js";

const byID = (id) => document.getElementById(id);
const points = 25; // of a small picture: 24 candles and now
const interval = 5_000; // ms of a candle
const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

class Row {
  constructor(listing) {
    this.listing = listing;
    this.element = document.createElement("tr");
    this.element.dataset.symbol = listing.symbol;
    this.button = document.createElement("button");
    this.button.type = "button";
    const [symbol, name] = [document.createElement("b"), document.createElement("span")];
    [symbol.textContent, name.textContent] = [listing.symbol, listing.name];
    this.button.append(symbol, name);
    this.price = document.createElement("td");
    this.change = document.createElement("td");
    this.volume = document.createElement("td");
    this.price.className = this.change.className = "number";
    this.volume.className = "number volume";
    const [first, last] = [document.createElement("td"), document.createElement("td")];
    last.className = "spark";
    this.line = svg("polyline");
    const picture = svg("svg");
    picture.setAttribute("viewBox", `0 0 ${points - 1} 20`);
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("aria-hidden", "true");
    picture.append(this.line);
    last.append(picture);
    first.append(this.button);
    this.element.append(first, this.price, this.change, this.volume, last);
    // Back from now; the candle of now is not closed.
    this.closes = listing.moves.slice(1).reduceRight((later, move) => [later[0] - move, ...later], [listing.price]).slice(0, -1);
    this.now = listing.price;
    this.total = listing.volume;
    this.show();
  }

  get key() {
    return { symbol: this.listing.symbol, price: this.now, change: change(this.now, this.listing.open), volume: this.total };
  }

  update(price, volume, isNewCandle) {
    if (isNewCandle) this.closes = [...this.closes.slice(1 - points), this.now];
    if (price === this.now && volume === this.total && !isNewCandle) return;
    const before = this.now;
    [this.now, this.total] = [price, volume];
    this.show();
    if (price !== before) flash(this.price, movement(price, before));
  }

  show() {
    const direction = movement(this.now, this.listing.open);
    this.price.textContent = priceText(this.now);
    this.change.textContent = changeText(this.now, this.listing.open);
    this.volume.textContent = volumeText(this.total);
    showMovement(this.change, direction);
    const all = [...this.closes.slice(1 - points), this.now];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const scale = 18 / (high - low || 1);
    showMovement(this.line, movement(this.now, all[0]));
    this.line.setAttribute("points", all.map((value, at) => `${points - all.length + at},${(19 - (value - low) * scale).toFixed(1)}`).join(" "));
  }
}

export class Table {
  sectors = [];
  #rows = [];
  #shown = [];
  #candle = 0;
  #sort = { key: "symbol", sign: 1 };
  #selected = "";

  constructor(onselect) {
    this.onselect = onselect;
    byID("rows").addEventListener("click", ({ target }) => {
      const row = target.closest("tr");
      if (row) this.onselect(row.dataset.symbol);
    });
    byID("rows").addEventListener("keydown", (event) => this.#move(event));
    for (const header of document.querySelectorAll("#table th[data-key]")) header.addEventListener("click", () => this.#sortBy(header.dataset.key));
    byID("search").addEventListener("input", () => this.#arrange());
    byID("sector").addEventListener("change", () => this.#arrange());
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea")) return;
      event.preventDefault();
      byID("search").focus();
    });
    // Rows must not run away from under a finger.
    setInterval(() => {
      const isBusy = byID("scroller").matches(":hover, :focus-within");
      if (!isBusy && this.#sort.key !== "symbol") this.#arrange();
    }, 2_000);
  }

  load(symbols, sectors) {
    this.sectors = sectors;
    this.#candle = 0;
    this.#rows = symbols.map((listing) => new Row(listing));
    const chosen = byID("sector").value;
    byID("sector").replaceChildren(new Option("All sectors", ""), ...sectors.map((name, at) => new Option(name, at)));
    byID("sector").value = chosen;
    this.#arrange();
    this.select(this.#selected);
  }

  update({ t, prices, volumes }) {
    if (prices.length !== this.#rows.length) return;
    const candle = Math.floor(t / interval);
    const isNewCandle = this.#candle > 0 && candle > this.#candle;
    this.#candle = candle;
    for (const [at, row] of this.#rows.entries()) row.update(prices[at], volumes[at], isNewCandle);
  }

  select(symbol) {
    this.#selected = symbol;
    for (const row of this.#rows) {
      const isSelected = row.listing.symbol === symbol;
      row.element.classList.toggle("selected", isSelected);
      if (isSelected) row.button.setAttribute("aria-current", "true");
      else row.button.removeAttribute("aria-current");
    }
  }

  #sortBy(key) {
    // Words from A, numbers from the largest.
    const first = key === "symbol" ? 1 : -1;
    this.#sort = { key, sign: this.#sort.key === key ? -this.#sort.sign : first };
    for (const header of document.querySelectorAll("#table th[data-key]")) {
      if (header.dataset.key === key) header.setAttribute("aria-sort", this.#sort.sign > 0 ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    }
    byID("scroller").scrollTop = 0;
    this.#arrange();
  }

  /** Shows what is looked for, in its order. */
  #arrange() {
    const words = byID("search").value.trim().toLowerCase();
    const sector = byID("sector").value;
    const { key, sign } = this.#sort;
    const shown = this.#rows
      .filter(({ listing }) => sector === "" || listing.sector === Number(sector))
      .filter(({ listing }) => `${listing.symbol} ${listing.name}`.toLowerCase().includes(words))
      .map((row) => [row.key[key], row])
      .sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0))
      .map(([, row]) => row);
    byID("none").hidden = shown.length > 0 || this.#rows.length === 0;
    byID("shown").textContent = shown.length === this.#rows.length ? `${shown.length}` : `${shown.length} of ${this.#rows.length}`;
    if (shown.length === this.#shown.length && shown.every((row, at) => row === this.#shown[at])) return;
    this.#shown = shown;
    const focused = byID("rows").contains(document.activeElement) && document.activeElement;
    byID("rows").replaceChildren(...shown.map(({ element }) => element));
    if (focused && focused.isConnected) focused.focus({ preventScroll: true });
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = this.#shown.findIndex(({ button }) => button === document.activeElement);
    if (!step || at < 0 || !this.#shown[at + step]) return;
    event.preventDefault();
    this.#shown[at + step].button.focus();
  }
}

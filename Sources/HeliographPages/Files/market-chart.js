// The chart of the selected symbol: candles or a line, with volumes below, on a canvas.
import { priceText, timeText, volumeText } from "/assets/market-values.js";

const longest = 96; // candles
const axisWidth = 62;
const axisHeight = 20;

export class Chart {
  #canvas;
  #readout;
  #kind = "candles";
  #candles = []; // [start, open, high, low, close, volume]
  #interval = 5_000;
  #reference = null; // the day's first price
  #pointer = null;
  #frame = null;

  constructor(canvas, readout) {
    this.#canvas = canvas;
    this.#readout = readout;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("pointermove", ({ offsetX }) => this.#point(offsetX));
    canvas.addEventListener("pointerdown", ({ offsetX }) => this.#point(offsetX));
    canvas.addEventListener("pointerleave", () => this.#point(null));
  }

  clear() {
    this.#candles = [];
    this.#reference = null;
    this.draw();
  }

  load({ interval, candles }, reference) {
    this.#interval = interval;
    this.#reference = reference;
    const newest = this.#candles.at(-1);
    this.#candles = candles;
    if (newest) this.add(newest);
    this.draw();
  }

  /** The candle of now, again and again until the next one begins. */
  add(candle) {
    const last = this.#candles.at(-1);
    if (last && candle[0] < last[0]) return;
    if (last && candle[0] === last[0]) this.#candles[this.#candles.length - 1] = candle;
    else this.#candles.push(candle);
    if (this.#candles.length > longest) this.#candles.shift();
    this.draw();
  }

  draw(kind = this.#kind) {
    this.#kind = kind;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#paint();
    });
  }

  #point(x) {
    this.#pointer = x;
    this.draw();
  }

  #paint() {
    const canvas = this.#canvas;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const css = getComputedStyle(canvas);
    const colour = (name) => css.getPropertyValue(name).trim();
    this.#colours = { line: colour("--line"), muted: colour("--muted"), ink: colour("--ink"), up: colour("--good"), down: colour("--bad"), accent: colour("--accent"), surface: colour("--surface") };
    pen.font = `11.5px ${css.fontFamily}`;
    if (this.#candles.length === 0) {
      canvas.setAttribute("aria-label", "Chart: nothing yet");
      this.#readout.textContent = "";
      return;
    }
    this.#plot(pen, width - axisWidth, height - axisHeight);
    this.#describe();
  }

  #colours;

  #plot(pen, width, height) {
    const prices = this.#candles.flatMap(([, , high, low]) => [high, low]);
    let [low, high] = [Math.min(...prices), Math.max(...prices)];
    const margin = Math.max((high - low) * 0.08, 2);
    [low, high] = [low - margin, high + margin];
    const priceHeight = height * 0.8;
    const y = (price) => 6 + ((high - price) / (high - low)) * (priceHeight - 12);
    const step = width / longest;
    const x = (at) => (at + longest - this.#candles.length + 0.5) * step;

    this.#grid(pen, width, height, low, high, y, x);
    this.#volumes(pen, height, height - priceHeight - 8, step, x);
    if (this.#kind === "line") this.#line(pen, priceHeight, x, y);
    else this.#candlesticks(pen, step, x, y);
    this.#lastPrice(pen, width, y);
    this.#crosshair(pen, width, height, step, x);
  }

  #grid(pen, width, height, low, high, y, x) {
    const { line, muted } = this.#colours;
    pen.strokeStyle = line;
    pen.fillStyle = muted;
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    const size = niceStep((high - low) / 5);
    for (let price = Math.ceil(low / size) * size; price < high; price += size) {
      const at = Math.round(y(price)) + 0.5;
      stroke(pen, 0, at, width, at);
      pen.fillText(priceText(price), width + 8, at);
    }
    pen.textAlign = "center";
    for (const [at, [start]] of this.#candles.entries()) {
      if (start % 60_000 !== 0 || x(at) < 24 || x(at) > width - 24) continue;
      const place = Math.round(x(at)) + 0.5;
      stroke(pen, place, 0, place, height);
      if ((start / 60_000) % (width < 480 ? 2 : 1) === 0) pen.fillText(timeText(start).slice(0, 5), place, height + axisHeight / 2 + 2);
    }
    if (this.#reference > low && this.#reference < high) {
      pen.setLineDash([4, 4]);
      pen.strokeStyle = muted;
      stroke(pen, 0, Math.round(y(this.#reference)) + 0.5, width, Math.round(y(this.#reference)) + 0.5);
      pen.setLineDash([]);
    }
  }

  #volumes(pen, bottom, tallest, step, x) {
    const most = Math.max(...this.#candles.map((candle) => candle[5]), 1);
    pen.globalAlpha = 0.35;
    for (const [at, [, open, , , close, volume]] of this.#candles.entries()) {
      const height = (volume / most) * tallest;
      pen.fillStyle = close < open ? this.#colours.down : this.#colours.up;
      pen.fillRect(x(at) - step * 0.35, bottom - height, Math.max(1, step * 0.7), height);
    }
    pen.globalAlpha = 1;
  }

  #candlesticks(pen, step, x, y) {
    const body = Math.max(1.5, step * 0.7);
    for (const [at, [, open, high, low, close]] of this.#candles.entries()) {
      pen.fillStyle = pen.strokeStyle = close < open ? this.#colours.down : this.#colours.up;
      stroke(pen, x(at), y(high), x(at), y(low));
      const [top, bottom] = [y(Math.max(open, close)), y(Math.min(open, close))];
      pen.fillRect(x(at) - body / 2, top, body, Math.max(1, bottom - top));
    }
  }

  #line(pen, bottom, x, y) {
    pen.beginPath();
    for (const [at, candle] of this.#candles.entries()) pen.lineTo(x(at), y(candle[4]));
    pen.strokeStyle = this.#colours.accent;
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    pen.stroke();
    pen.lineTo(x(this.#candles.length - 1), bottom);
    pen.lineTo(x(0), bottom);
    pen.globalAlpha = 0.1;
    pen.fillStyle = this.#colours.accent;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 1;
  }

  #lastPrice(pen, width, y) {
    const [, open, , , close] = this.#candles.at(-1);
    const place = Math.round(y(close)) + 0.5;
    const colour = close < open ? this.#colours.down : this.#colours.up;
    pen.strokeStyle = colour;
    pen.setLineDash([2, 3]);
    stroke(pen, 0, place, width, place);
    pen.setLineDash([]);
    pen.fillStyle = colour;
    pen.beginPath();
    pen.roundRect(width + 2, place - 10, axisWidth - 4, 20, 5);
    pen.fill();
    pen.fillStyle = this.#colours.surface;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(priceText(close), width + 8, place + 0.5);
  }

  #crosshair(pen, width, height, step, x) {
    this.#readout.textContent = "";
    if (this.#pointer === null || this.#pointer > width) return;
    const at = Math.min(this.#candles.length - 1, Math.max(0, Math.floor(this.#pointer / step) - (longest - this.#candles.length)));
    const [start, open, high, low, close, volume] = this.#candles[at];
    pen.strokeStyle = this.#colours.muted;
    stroke(pen, Math.round(x(at)) + 0.5, 0, Math.round(x(at)) + 0.5, height);
    const [o, h, l, c] = [open, high, low, close].map(priceText);
    this.#readout.textContent = `${timeText(start)}  O ${o}  H ${h}  L ${l}  C ${c}  V ${volumeText(volume)}`;
  }

  /** For those who don't see it. */
  #describe() {
    const [first, last] = [this.#candles[0], this.#candles.at(-1)];
    const seconds = (this.#candles.length * this.#interval) / 1_000;
    const low = Math.min(...this.#candles.map((candle) => candle[3]));
    const high = Math.max(...this.#candles.map((candle) => candle[2]));
    const text = `Chart of the last ${Math.round(seconds / 60)} minutes: from ${priceText(first[1])} to ${priceText(last[4])}, between ${priceText(low)} and ${priceText(high)}`;
    if (this.#canvas.getAttribute("aria-label") !== text) this.#canvas.setAttribute("aria-label", text);
  }
}

function stroke(pen, fromX, fromY, toX, toY) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}

/** 1, 2 or 5 times a power of ten, not below. */
function niceStep(size) {
  const power = 10 ** Math.floor(Math.log10(Math.max(size, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= size);
}

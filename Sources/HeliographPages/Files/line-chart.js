// A chart of the last minutes: lines over time, as SVG that follows the width of the page and its colours.

const namespace = "http://www.w3.org/2000/svg";
const [width, height] = [1_000, 100]; // of the drawing; CSS stretches it
const gap = 2_600; // ms without a value break the line
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function made(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function drawn(tag, attributes) {
  const element = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** The next of 1, 2, 5, 10, 20, 50 … that holds a value. */
export function niceMaximum(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999_999) ?? 10 * power;
}

export class LineChart {
  #title;
  #series;
  #format;
  #least;
  #span;
  #points = [];
  #cursor = null; // the time that is looked at
  #plot = made("div", "plot");
  #line = drawn("line", { class: "cursor", y1: 0, y2: height, visibility: "hidden" });
  #from = made("span");
  #to = made("span");
  #marks = [1, 0.5].map((part) => ({ part, element: made("span", "mark") }));

  /**
   * `series`: [{ name, value: (point) → number, or undefined where there is none }], two at most. `format`: a value in words.
   * `least`: what the scale shows at least. `span`: ms from left to right.
   */
  constructor({ title, series, format, least = 1, span = 300_000 }) {
    this.#title = title;
    this.#format = format;
    this.#least = least;
    this.#span = span;
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    for (const part of [0, 0.5, 1]) svg.append(drawn("line", { class: "grid", x1: 0, x2: width, y1: part * height, y2: part * height }));
    this.element = made("figure", "card chart");
    const caption = made("figcaption");
    caption.append(made("h2", "", title));
    this.#series = series.map((each, index) => {
      const className = ["first", "second"][index];
      const area = drawn("path", { class: `area ${className}` });
      const line = drawn("path", { class: `line ${className}` });
      if (index === 0) svg.append(area);
      svg.append(line);
      const legend = made("span", `legend ${className}`, each.name);
      const value = made("b", "", "–");
      legend.append(" ", value);
      caption.append(legend);
      return { ...each, area, line, shown: value };
    });
    svg.append(this.#line);
    this.#plot.append(svg, ...this.#marks.map(({ element }) => element));
    this.#plot.tabIndex = 0;
    this.#plot.setAttribute("role", "img");
    const axis = made("div", "axis");
    axis.append(this.#from, this.#to);
    this.element.append(caption, this.#plot, axis);
    this.#listen();
  }

  /** Points have a `time` in ms, and come in its order. */
  draw(points) {
    this.#points = points;
    const end = points.at(-1)?.time ?? 0;
    const start = end - this.#span;
    let most = this.#least;
    for (const { value } of this.#series) for (const point of points) most = Math.max(most, value(point) ?? 0);
    const top = niceMaximum(most);
    const x = (time) => (((time - start) / this.#span) * width).toFixed(1);
    const y = (value) => (height - (value / top) * height).toFixed(2);
    for (const { value, area, line } of this.#series) {
      const runs = this.#runs(value);
      line.setAttribute("d", runs.map((run) => `M${run.map(([time, value]) => `${x(time)} ${y(value)}`).join("L")}`).join(""));
      area.setAttribute(
        "d",
        runs.map((run) => `M${x(run[0][0])} ${height}L${run.map(([t, v]) => `${x(t)} ${y(v)}`).join("L")}L${x(run.at(-1)[0])} ${height}Z`).join(""),
      );
    }
    for (const { part, element } of this.#marks) {
      element.textContent = this.#format(top * part);
      element.style.top = `${(1 - part) * 100}%`;
    }
    this.#look();
  }

  /** Pieces of the line without a gap: [time, value] pairs. */
  #runs(value) {
    const runs = [];
    let last = -Infinity;
    for (const point of this.#points) {
      const here = value(point);
      if (here === undefined) continue;
      if (point.time - last > gap) runs.push([]);
      runs.at(-1).push([point.time, here]);
      last = point.time;
    }
    return runs;
  }

  // Looking at a moment

  #listen() {
    const plot = this.#plot;
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const end = this.#points.at(-1)?.time ?? 0;
      this.#lookAt(end - this.#span * (1 - (event.clientX - box.left) / box.width));
    });
    for (const name of ["pointerleave", "blur"]) plot.addEventListener(name, () => this.#lookAt(null));
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1_000, ArrowRight: 1_000, PageUp: -30_000, PageDown: 30_000 }[event.key];
      if (!step && event.key !== "Escape") return;
      event.preventDefault();
      this.#lookAt(step ? (this.#cursor ?? this.#points.at(-1)?.time ?? 0) + step : null);
    });
  }

  #lookAt(time) {
    const [first, last] = [this.#points[0]?.time ?? 0, this.#points.at(-1)?.time ?? 0];
    this.#cursor = time === null ? null : Math.min(last, Math.max(first, time));
    this.#look();
  }

  #look() {
    const last = this.#points.at(-1);
    const point = this.#cursor === null ? last : this.#points.reduce((a, b) => (Math.abs(b.time - this.#cursor) < Math.abs(a.time - this.#cursor) ? b : a), last);
    if (!point) return;
    const words = this.#series.map(({ name, value, shown }) => {
      const here = value(point);
      shown.textContent = here === undefined ? "–" : this.#format(here);
      return `${name} ${shown.textContent}`;
    });
    const isPast = this.#cursor !== null;
    this.#line.setAttribute("visibility", isPast ? "visible" : "hidden");
    const x = width * (1 - (last.time - point.time) / this.#span);
    for (const end of ["x1", "x2"]) this.#line.setAttribute(end, x);
    this.#from.textContent = `${Math.round(this.#span / 60_000)} min ago`;
    this.#to.textContent = isPast ? clock.format(point.time) : "now";
    this.#plot.setAttribute("aria-label", `${this.#title}, ${isPast ? clock.format(point.time) : "now"}: ${words.join(", ")}`);
  }
}

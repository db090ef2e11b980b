// What the server knows: templates, trees, how they are painted, and what is sent of them; with random ones of each, for tests.

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": "&#13;" };
const escape = (text) => String(text).replace(/[&<>"'\r]/g, (character) => escapes[character]);

/** [html, cells, what can be in the cells of markup and rows] by name. A context is what can stand in the same places. */
const library = {
  flow: [
    ["<div>plain</div>", []],
    ["<p><!--0--></p>", [0]],
    ["text <!--0--> more", [0]],
    ["<!--0-->", [0]],
    ["<b>one</b><i><!--0--></i>", [0]],
    ['<div data-h="0 2"><!--1--><span>-</span></div>', [["class", "a ", ""], 0, ["title", "", " of ", ""]]],
    ['<section id="s"><!--0--></section>', [1], "flow"],
    ['<div data-h="1"><!--0--><hr></div>', [1, ["hidden"]], "flow"],
    ["<!--0--><!--1-->", [1, 0], "flow"],
    ["<ul><!--0--></ul>", [2], "item"],
    ["<ul><!--0--><li>last</li></ul>", [2], "item"],
    ["<div><h2><!--0--></h2><!--1--></div>", [0, 2], "flow"],
    ["<!--0-->", [2], "flow"],
    ["<table><thead><tr><th>h</th></tr></thead><tbody><!--0--></tbody></table>", [2], "line"],
    ["<svg viewBox=\"0 0 9 9\"><!--0--></svg>", [2], "shape"],
    ["<svg><g><!--0--></g><text><!--1--></text></svg>", [1, 0], "shape"],
    ["<math><mrow><!--0--></mrow></math>", [2], "formula"],
    ['<label><select data-h="0"><!--1--></select></label>', [["multiple"], 2], "option"],
    ['<textarea data-h="1 0"></textarea>', [["", "", "!"], ["rows", "", ""]]],
    ['<input data-h="0 1 2">', [["value", "", ""], ["checked"], ["disabled"]]],
    ["<pre><!--0--></pre>", [0]],
    ["<figure><!--0--></figure>", [3]],
    ["<div>raw <!--0--> raw</div>", [3]],
    ["<article><!--0--></article>", [4]],
    ["<div>view: <!--0--></div>", [4]],
  ],
  item: [["<li><!--0--></li>", [0]], ['<li data-h="0"><b><!--1--></b> <!--2--></li>', [["class", "", ""], 0, 0]], ["<li><!--0--></li>", [1], "flow"]],
  line: [["<tr><td><!--0--></td></tr>", [0]], ['<tr data-h="1"><td><b><!--0--></b></td><td>x</td></tr>', [0, ["id", "r", ""]]], ["<tr><!--0--></tr>", [2], "field"]],
  field: [["<td><!--0--></td>", [0]], ["<td><!--0--></td><td>2</td>", [1], "flow"]],
  shape: [
    ['<circle data-h="0" r="4"></circle>', [["cx", "", ""]]],
    ['<a data-h="0"><text><!--1--></text></a>', [["xlink:href", "#", ""], 0]],
    ["<g><!--0--></g>", [2], "shape"],
    ["<foreignObject><!--0--></foreignObject>", [1], "flow"],
    ["<g></g><!--0-->", [0]],
  ],
  formula: [["<mi><!--0--></mi>", [0]], ["<mo>+</mo><mn><!--0--></mn>", [0]]],
  option: [['<option data-h="0 2"><!--1--></option>', [["value", "", ""], 0, ["selected"]]], ["<option>x</option>", []]],
};

/** The standard's example of a small generator; the same numbers each time. */
export function generator(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

const texts = ["", "a", "b c", "<b>&amp;</b>", '"\'', "\nline", "π 🌍", "]-->", "<!--]-->", "\r\n", 0, 7, -3, 2 ** 53];
const raws = ["", "<em>raw</em>", "<!--[-->x<!--]--> y", "r<br>r", "<!--note-->"];

export class Model {
  constructor(seed, { hasViews = true } = {}) {
    this.random = generator(seed);
    this.hasViews = hasViews;
    this.views = new Map();
    this.numbers = 0;
    this.add(0);
    // A root at which there is something to change.
    const view = this.views.get(0);
    view.root = this.instance("flow", 0, this.choice(library.flow.filter((each) => each[2])));
  }

  choice(array) {
    return array[this.random(array.length)];
  }

  add(number) {
    this.views.set(number, { number, sequence: 0, known: new Map(), root: null, queue: [] });
    this.views.get(number).root = this.instance("flow", number ? 3 : 0);
  }

  text() {
    return this.choice(texts);
  }

  instance(context, depth, template) {
    const possible = library[context].filter((each) => (depth < 4 || !each[2]) && (this.hasViews || !each[1].includes(4)) && (depth < 3 || !each[1].includes(4)));
    template ??= this.choice(possible);
    return { template, values: template[1].map((cell) => this.value(template, cell, depth)) };
  }

  value(template, cell, depth) {
    if (cell === 0) return this.text();
    if (cell === 1) return this.random(3) ? this.instance(template[2], depth + 1) : null;
    if (cell === 2) return Array.from({ length: this.random(5) }, () => this.instance(template[2], depth + 1));
    if (cell === 3) return this.choice(raws);
    if (cell === 4) {
      if (!this.random(3)) return 0;
      this.numbers++;
      this.add(this.numbers);
      return this.numbers;
    }
    if (cell.length === 1) return this.choice([true, false, null, "x", ""]);
    if (cell.length === 3) return this.text();
    return cell.slice(2).map(() => this.text());
  }

  // As the server paints it

  paint({ template: [html, cells], values }) {
    const attributes = (numbers) => {
      let inTag = "";
      let inside = "";
      for (const number of numbers) {
        const [name, ...pieces] = cells[number];
        const value = values[number];
        if (!pieces.length) inTag += value === false || value === null ? "" : value === true ? ` ${name}` : ` ${name}="${escape(value)}"`;
        else {
          const scalars = pieces.length === 2 ? [value] : value;
          const text = pieces.map((piece, i) => (i ? escape(scalars[i - 1]) + piece : piece)).join("");
          if (name) inTag += ` ${name}="${text}"`;
          else inside = text.startsWith("\n") ? `\n${text}` : text;
        }
      }
      return [inTag, inside];
    };
    const content = (number) => {
      const value = values[number];
      if (cells[number] === 0) return escape(value);
      if (cells[number] === 1) return value ? this.paint(value) : "";
      if (cells[number] === 2) return value.map((row) => (isBare(row.template) ? this.paint(row) : `<!--[-->${this.paint(row)}<!--]-->`)).join("");
      if (cells[number] === 3) return value;
      return value ? this.paint(this.views.get(value).root) : "";
    };
    return html.replace(/ data-h="([^"]*)"([^>]*>)|(<pre>)?(?<=(<[^>/]*>)?)<!--(\d+)-->(?=(<\/)?)/g, (_, numbers, rest, pre, tag, number, end, offset) => {
      if (numbers) {
        const [inTag, inside] = attributes(numbers.split(" "));
        return inTag + rest + inside;
      }
      const isSole = (pre || tag?.length) && end;
      const text = content(number);
      if (!isSole) return `${pre ?? ""}<!--[-->${text}<!--]-->`;
      return (pre ?? "") + (pre && text.startsWith("\n") ? `\n${text}` : text);
    });
  }

  get painted() {
    return this.paint(this.views.get(0).root);
  }

  // What is sent

  number(view, template) {
    if (!view.known.has(template)) {
      view.known.set(template, view.known.size);
      const fingerprint = fingerprints.get(template);
      view.queue.push(this.cached?.has(fingerprint) ? [view.known.get(template), fingerprint] : [view.known.get(template), fingerprint, template[0], template[1]]);
    }
    return view.known.get(template);
  }

  tree(view, { template, values }) {
    return { [this.number(view, template)]: this.cells(view, template, values) };
  }

  cells(view, template, values) {
    return values.map((value, i) => this.wire(view, template[1][i], value));
  }

  wire(view, cell, value) {
    if (cell === 1) return value && this.tree(view, value);
    if (cell === 2) return this.rows(view, value);
    return value;
  }

  rows(view, rows) {
    const sent = [];
    let last;
    for (const row of rows) {
      if (row.template !== last) sent.push(this.number(view, row.template));
      last = row.template;
      sent.push(this.cells(view, row.template, row.values));
    }
    return sent;
  }

  shape(view, { template, values }) {
    const shape = [this.number(view, template)];
    template[1].forEach((cell, i) => {
      if (cell === 1) shape.push(values[i] ? this.shape(view, values[i]) : 0);
      if (cell === 4) shape.push(values[i]);
      if (cell !== 2) return;
      const runs = [];
      for (const row of values[i]) {
        const each = this.shape(view, row);
        if (JSON.stringify(runs.at(-1)) === JSON.stringify(each)) runs[runs.length - 2]++;
        else runs.push(1, each);
      }
      shape.push(runs);
    });
    return shape;
  }

  /** A message about a view, behind the templates that it needs. */
  with(view, message) {
    const templates = view.queue.splice(0);
    return templates.length ? [["t", view.number, ...templates], message] : [message];
  }

  /** The views in view cells, each behind its parent. */
  get shownViews() {
    const found = [];
    const look = ({ template, values }) =>
      template[1].forEach((cell, i) => {
        if (cell === 4 && values[i]) {
          found.push(values[i]);
          look(this.views.get(values[i]).root);
        } else if (cell === 1 && values[i]) look(values[i]);
        else if (cell === 2) values[i].forEach(look);
      });
    look(this.views.get(0).root);
    return found;
  }

  /** The answer to a join. */
  joined(isSame, cached = []) {
    this.cached = new Set(cached);
    return [0, ...this.shownViews].flatMap((number) => {
      const view = this.views.get(number);
      Object.assign(view, { known: new Map(), sequence: 0, queue: [] });
      return this.with(view, isSame ? ["b", number, 0, this.shape(view, view.root)] : ["j", number, 0, this.tree(view, view.root)]);
    });
  }

  full(number) {
    const view = this.views.get(number);
    return this.with(view, ["j", number, view.sequence, this.tree(view, view.root)]);
  }

  /** Changes something, and says what. */
  change() {
    const number = this.random(2) ? 0 : (this.choice([0, ...this.shownViews]));
    const view = this.views.get(number);
    const before = new Set(this.shownViews);
    if (!view.root.template[1].length) return this.full(number);
    const patch = this.patch(view, view.root, number ? 3 : 0);
    view.sequence++;
    const messages = this.with(view, number ? ["p", number, view.sequence, ...patch] : [view.sequence, ...patch]);
    for (const each of this.shownViews) if (!before.has(each)) messages.push(...this.full(each));
    return messages;
  }

  patch(view, instance, depth) {
    const { template, values } = instance;
    const cells = template[1].map((_, i) => i).filter(() => this.random(2));
    if (!cells.length) cells.push(this.random(template[1].length));
    return cells.flatMap((i) => {
      const cell = template[1][i];
      const old = values[i];
      if (cell === 1 && old?.values.length && this.random(3)) return [i, this.patch(view, old, depth + 1)];
      if (cell === 2) return [i, this.operations(view, values, i, template, depth)];
      values[i] = this.value(template, cell, depth);
      return [i, this.wire(view, cell, values[i])];
    });
  }

  operations(view, values, i, template, depth) {
    const sent = [];
    const row = () => this.instance(template[2], depth + 1);
    const rows = values[i];
    do {
      const kind = rows.length ? this.random(6) : 0;
      if (kind === 0) {
        const added = Array.from({ length: 1 + this.random(3) }, row);
        const index = this.random(rows.length + 1);
        rows.splice(index, 0, ...added);
        sent.push("+", index, this.rows(view, added));
      } else if (kind === 1) {
        const index = this.random(rows.length);
        const count = 1 + this.random(rows.length - index);
        rows.splice(index, count);
        sent.push("-", index, count);
      } else if (kind === 2) {
        const from = this.random(rows.length);
        const count = 1 + this.random(rows.length - from);
        const taken = rows.splice(from, count);
        const to = this.random(rows.length + 1);
        rows.splice(to, 0, ...taken);
        sent.push(">", from, to, count);
      } else if (kind === 3) {
        const [order, entries] = this.order(rows.length);
        rows.splice(0, rows.length, ...order.map((index) => rows[index]));
        sent.push("=", entries);
      } else {
        const index = this.random(rows.length);
        if (kind === 4 && rows[index].values.length) sent.push(index, this.patch(view, rows[index], depth + 1));
        else {
          rows[index] = row();
          sent.push(index, this.tree(view, rows[index]));
        }
      }
    } while (this.random(2));
    return sent;
  }

  /** Pieces of the old order, some of them backwards. */
  order(count) {
    const pieces = [];
    for (let first = 0; first < count; ) {
      const length = 1 + this.random(Math.min(3, count - first));
      pieces.push(this.random(2) ? [first, length] : [first + length - 1, -length]);
      first += length;
    }
    for (let i = pieces.length - 1; i > 0; i--) {
      const j = this.random(i + 1);
      [pieces[i], pieces[j]] = [pieces[j], pieces[i]];
    }
    const order = pieces.flatMap(([first, n]) => Array.from({ length: Math.abs(n) }, (_, i) => (n > 0 ? first + i : first - i)));
    return [order, pieces.map(([first, n]) => (n === 1 ? first : [first, n]))];
  }
}

const isBare = ([html]) => {
  const name = /^<([a-z]+)/i.exec(html)?.[1];
  return !!name && html.indexOf(`</${name}>`) === html.length - name.length - 3 - 0 || /^<input[^>]*>$/.test(html);
};

const fingerprints = new Map(Object.values(library).flat().map((each, i) => [each, `model${String(i).padStart(6, "0")}`]));

/** In the page: what is shown, in a form in which the order of attributes and the pieces of a text make no difference. */
export function canonical(root) {
  const properties = ["value", "checked"]; // what is selected depends on what was before
  const show = (node) => {
    if (node.nodeType === 3) return node.data;
    if (node.nodeType === 8) return `<!--${node.data}-->`;
    const attributes = [...node.attributes].map(({ name, namespaceURI, value }) => `${namespaceURI ?? ""} ${name}=${JSON.stringify(value)}`).sort();
    const own = properties.filter((name) => /^(input|textarea)$/.test(node.localName) && node[name] !== undefined).map((name) => `${name}:${JSON.stringify(node[name])}`);
    return `<${node.namespaceURI} ${node.localName} ${attributes} ${own}>${[...node.childNodes].map(show).join("")}</>`;
  };
  return [...root.childNodes].map(show).join("");
}

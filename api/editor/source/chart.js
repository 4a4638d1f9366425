// The answer as a chart: bars of one column of numbers, or points of two.
import { choice, drawn, element, icon, shortened } from "./elements.js";
import { asFile, columns, nameOf, namingColumn, numberOf } from "./solutions.js";

const MOST_BARS = 60;
const MOST_POINTS = 2000;
const ROW = 28;
/** What a letter is reckoned to be wide. */
const LETTER = 7.6;
const format = (number) => number.toLocaleString("en", { maximumFractionDigits: 2 });

export class Chart {
  constructor(yasr) {
    this.yasr = yasr;
    this.priority = 1;
    this.label = "Chart";
    this.chosen = {};
  }

  canHandleResults() {
    return !this.yasr.results?.hasError() && columns(this.yasr.results).numeric.length > 0;
  }

  getIcon() {
    return icon("M4 20V10h4v10z", "M10 20V4h4v16z", "M16 20v-7h4v7z");
  }

  download(filename) {
    return asFile(this.svg, filename);
  }

  destroy() {
    this.watch?.disconnect();
  }

  draw() {
    this.destroy();
    const { numeric, other } = columns(this.yasr.results);
    const { chosen } = this;
    if (!numeric.includes(chosen.value)) chosen.value = numeric[0];
    if (!numeric.includes(chosen.across)) chosen.across = numeric.find((name) => name !== chosen.value) ?? "";
    if (![...other, ...numeric].includes(chosen.name)) chosen.name = namingColumn(this.yasr.results, other) ?? "";
    if (numeric.length < 2) chosen.kind = "bars";
    const again = (key) => (value) => {
      chosen[key] = value;
      this.draw();
    };
    const named = (names) => names.map((name) => [name, name]);
    const controls = element("div", { class: "choices" });
    const points = chosen.kind === "points";
    if (numeric.length > 1) {
      controls.append(choice("As", [["bars", "bars"], ["points", "points"]], chosen.kind, again("kind")));
    }
    controls.append(choice(points ? "Up" : "Length", named(numeric), chosen.value, again("value")));
    if (points) controls.append(choice("Across", named(numeric), chosen.across, again("across")));
    if (other.length) controls.append(choice("Names", named(other), chosen.name, again("name")));
    const place = element("div", { class: "chart" });
    const note = element("p", { class: "fine" });
    this.yasr.resultsEl.replaceChildren(controls, place, note);
    const redraw = () => {
      const width = Math.max(280, place.clientWidth);
      this.svg = points ? this.points(width, note) : this.bars(width, note);
      place.replaceChildren(this.svg);
    };
    redraw();
    let width = place.clientWidth;
    this.watch = new ResizeObserver(() => {
      if (place.clientWidth !== width) redraw();
      width = place.clientWidth;
    });
    this.watch.observe(place);
  }

  rows() {
    const { value, name } = this.chosen;
    return this.yasr.results
      .getBindings()
      .map((row, place) => ({ row, amount: numberOf(row[value]), name: name ? nameOf(row[name]) : `Row ${place + 1}` }))
      .filter(({ amount }) => amount !== null);
  }

  bars(width, note) {
    const all = this.rows();
    const rows = all.slice(0, MOST_BARS);
    note.textContent = all.length > rows.length ? `The first ${rows.length} of ${format(all.length)} rows are drawn.` : "";
    const narrow = width < 560;
    const longest = Math.max(...rows.map(({ name }) => name.length), 4);
    const names = narrow ? 0 : Math.min(width * 0.36, longest * LETTER + 14);
    const step = narrow ? ROW + 18 : ROW;
    const [least, most] = [Math.min(0, ...rows.map((row) => row.amount)), Math.max(0, ...rows.map((row) => row.amount))];
    const room = width - names - 76;
    const scale = (amount) => names + ((amount - least) / (most - least || 1)) * room;
    const svg = drawn("svg", {
      width,
      height: rows.length * step + 8,
      role: "img",
      "aria-label": `Bars of ${this.chosen.value} for ${rows.length} rows; the table has the same numbers`,
    });
    rows.forEach(({ name, amount }, place) => {
      const top = place * step + 4;
      const line = drawn("g");
      line.append(drawn("title", {}, `${name}: ${format(amount)}`));
      const label = drawn("text", narrow ? { x: 0, y: top + 13 } : { x: names - 10, y: top + 18, "text-anchor": "end" });
      label.textContent = shortened(name, Math.floor((narrow ? width : names - 12) / LETTER));
      const [from, to] = [scale(Math.min(0, amount)), scale(Math.max(0, amount))];
      const bar = { x: from, y: top + (narrow ? 19 : 4), width: Math.max(1, to - from), height: ROW - 8, rx: 2 };
      line.append(label, drawn("rect", { ...bar, class: "bar" }));
      line.append(drawn("text", { x: to + 7, y: bar.y + 15, class: "amount" }, format(amount)));
      svg.append(line);
    });
    return svg;
  }

  points(width, note) {
    const { value, across } = this.chosen;
    const all = this.rows()
      .map((row) => ({ ...row, along: numberOf(row.row[across]) }))
      .filter(({ along }) => along !== null);
    const rows = all.slice(0, MOST_POINTS);
    note.textContent = all.length > rows.length ? `The first ${rows.length} of ${format(all.length)} rows are drawn.` : "";
    const height = Math.min(460, width * 0.62);
    const box = { left: 74, right: width - 18, top: 26, bottom: height - 46 };
    const x = axis(rows.map((row) => row.along), box.left, box.right);
    const y = axis(rows.map((row) => row.amount), box.bottom, box.top);
    const svg = drawn("svg", {
      width,
      height,
      role: "img",
      "aria-label": `Points of ${value} over ${across} for ${rows.length} rows; the table has the same numbers`,
    });
    for (const mark of x.marks) {
      svg.append(drawn("line", { x1: x.at(mark), x2: x.at(mark), y1: box.top, y2: box.bottom, class: "rule" }));
      svg.append(drawn("text", { x: x.at(mark), y: box.bottom + 18, "text-anchor": "middle", class: "amount" }, format(mark)));
    }
    for (const mark of y.marks) {
      svg.append(drawn("line", { x1: box.left, x2: box.right, y1: y.at(mark), y2: y.at(mark), class: "rule" }));
      svg.append(drawn("text", { x: box.left - 8, y: y.at(mark) + 4, "text-anchor": "end", class: "amount" }, format(mark)));
    }
    svg.append(drawn("text", { x: box.right, y: height - 8, "text-anchor": "end" }, across));
    svg.append(drawn("text", { x: 0, y: 14 }, value));
    for (const row of rows) {
      const point = drawn("circle", { cx: x.at(row.along), cy: y.at(row.amount), r: 5, class: "point" });
      point.append(drawn("title", {}, `${row.name}: ${format(row.along)}, ${format(row.amount)}`));
      svg.append(point);
    }
    return svg;
  }
}

/** A scale from numbers to places, with round marks. */
function axis(numbers, from, to) {
  const [low, high] = [Math.min(0, ...numbers), Math.max(...numbers, 0) || 1];
  const rough = (high - low) / Math.max(2, Math.min(6, Math.abs(to - from) / 90));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const end = Math.ceil(high / step) * step;
  const start = Math.floor(low / step) * step;
  const marks = Array.from({ length: Math.round((end - start) / step) + 1 }, (_, place) => start + place * step);
  return { marks, at: (number) => from + ((number - start) / (end - start)) * (to - from) };
}

// The answer as a graph of nodes and lines, laid out by forces, to be moved and enlarged by pointer and keyboard.
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
import { drawn, element, icon, shortened } from "./elements.js";
import { networkOf } from "./network.js";
import { asFile, isGraph } from "./solutions.js";

const TICKS = 260;
const COLOURS = 6;
const LARGEST = 1.35;
/** With more lines than these, their names are told only where one points at them. */
const LABELLED = 40;

export class Picture {
  constructor(yasr) {
    this.yasr = yasr;
    this.priority = 1;
    this.label = "Graph";
  }

  canHandleResults() {
    const results = this.yasr.results;
    if (!results || results.hasError()) return false;
    if (isGraph(results)) return (results.getBindings() ?? []).length > 0;
    return (results.getBindings() ?? []).some((row) => Object.values(row).filter((value) => value.type === "uri").length > 1);
  }

  getIcon() {
    return icon(
      "M12 7 6 17M12 7l6 10M6 17h12",
      "M12 3a3 3 0 1 0 .01 0zM5 14a3 3 0 1 0 .01 0zM19 14a3 3 0 1 0 .01 0z",
    );
  }

  download(filename) {
    return asFile(this.svg, filename);
  }

  draw() {
    const net = networkOf(this.yasr.results);
    const nodes = [...net.nodes.values()];
    const lines = [...net.lines.values()].map((line) => ({ ...line, name: [...line.names].join(", ") }));
    place(nodes, lines);
    this.svg = this.sketch(nodes, lines);
    const note = element("p", { class: "fine" });
    note.textContent =
      `${nodes.length} things and ${lines.length} links between them.` +
      (net.left ? ` ${net.left.toLocaleString("en")} more links are left out: the table has them all.` : "");
    const frame = element("div", { class: "picture" });
    frame.append(this.svg);
    this.yasr.resultsEl.replaceChildren(legend(nodes), frame, note);
    frame.append(new View(this.svg, nodes).buttons());
  }

  sketch(nodes, lines) {
    const svg = drawn("svg", {
      role: "group",
      tabindex: "0",
      "aria-label": `A graph of ${nodes.length} things; arrow keys move it, plus and minus change its size`,
    });
    const kinds = kindsOf(nodes);
    for (const { source, target, name } of lines) {
      const edge = drawn("g", { class: "edge" });
      if (name) edge.append(drawn("title", {}, name));
      edge.append(drawn("path", { d: arrow(source, target) }));
      if (name && lines.length <= LABELLED) {
        const middle = { x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 - 4 };
        edge.append(drawn("text", { ...middle, "text-anchor": "middle" }, shortened(name, 26)));
      }
      svg.append(edge);
    }
    for (const node of nodes) {
      const spot = drawn(node.iri && /^https?:/.test(node.iri) ? "a" : "g", { class: `node iri kind-${kinds.indexOf(node.kind) % COLOURS}` });
      if (spot.localName === "a") {
        spot.setAttribute("href", node.iri);
        spot.setAttribute("target", "_blank");
        spot.setAttribute("rel", "noopener noreferrer");
      }
      spot.append(drawn("title", {}, [node.name, node.kind, node.iri].filter(Boolean).join("\n")));
      spot.append(drawn("circle", { cx: node.x, cy: node.y, r: 5 + Math.min(9, node.links) }));
      const name = drawn("text", { x: node.x, y: node.y + 20 + Math.min(9, node.links), "text-anchor": "middle" });
      name.textContent = shortened(node.name, 28);
      spot.append(name);
      svg.append(spot);
    }
    return svg;
  }
}

/** Give every node its place; the same answer is always laid out in the same way. */
function place(nodes, lines) {
  for (const node of nodes) node.links = 0;
  const simulation = forceSimulation(nodes)
    .force("link", forceLink(lines).id((node) => node.key).distance(lines.length <= LABELLED ? 125 : 90))
    .force("charge", forceManyBody().strength(-420).distanceMax(700))
    .force("apart", forceCollide(nodes.length < 60 ? 52 : 32))
    .force("x", forceX().strength(0.05))
    .force("y", forceY().strength(0.09))
    .stop();
  for (const { source, target } of lines) {
    source.links += 1;
    target.links += 1;
  }
  simulation.tick(TICKS);
}

function kindsOf(nodes) {
  const counts = new Map();
  for (const { kind } of nodes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([kind]) => kind);
}

function legend(nodes) {
  const list = element("ul", { class: "legend", "aria-label": "Kinds of things" });
  kindsOf(nodes)
    .slice(0, COLOURS)
    .forEach((kind, number) => list.append(element("li", { class: `kind-${number}` }, kind || "others")));
  return list;
}

/** A line that ends in an arrow head before the target's spot. */
function arrow(source, target) {
  const [dx, dy] = [target.x - source.x, target.y - source.y];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const radius = 7 + Math.min(9, target.links);
  const end = [target.x - ux * radius, target.y - uy * radius];
  const side = (sign) => [end[0] - ux * 7 + sign * uy * 3.5, end[1] - uy * 7 - sign * ux * 3.5];
  return `M${source.x} ${source.y}L${end}M${side(1)}L${end}L${side(-1)}`;
}

/** What part of the drawing is seen. */
class View {
  constructor(svg, nodes) {
    this.svg = svg;
    const [xs, ys] = [nodes.map((node) => node.x), nodes.map((node) => node.y)];
    const [left, right, top, bottom] = [Math.min(...xs) - 90, Math.max(...xs) + 90, Math.min(...ys) - 40, Math.max(...ys) + 60];
    // A small graph is not blown up to fill the frame.
    const width = Math.max(right - left, svg.clientWidth / LARGEST);
    const height = Math.max(bottom - top, svg.clientHeight / LARGEST);
    this.whole = { x: (left + right - width) / 2, y: (top + bottom - height) / 2, width, height };
    this.reset();
    svg.addEventListener("pointerdown", (event) => this.drag(event));
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("keydown", (event) => this.press(event));
  }

  reset() {
    this.box = { ...this.whole };
    this.apply();
  }

  apply() {
    const { x, y, width, height } = this.box;
    this.svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  zoom(times) {
    const { x, y, width, height } = this.box;
    this.box = { x: x + (width * (1 - times)) / 2, y: y + (height * (1 - times)) / 2, width: width * times, height: height * times };
    this.apply();
  }

  move(dx, dy) {
    this.box.x += dx * this.box.width;
    this.box.y += dy * this.box.height;
    this.apply();
  }

  wheel(event) {
    // A plain wheel scrolls the page, as everywhere.
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15);
  }

  press(event) {
    const keys = {
      ArrowLeft: () => this.move(-0.1, 0),
      ArrowRight: () => this.move(0.1, 0),
      ArrowUp: () => this.move(0, -0.1),
      ArrowDown: () => this.move(0, 0.1),
      "+": () => this.zoom(1 / 1.25),
      "-": () => this.zoom(1.25),
      0: () => this.reset(),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  }

  drag(start) {
    if (start.button !== 0 || start.target.closest("a")) return;
    const per = this.box.width / this.svg.clientWidth;
    let [x, y] = [start.clientX, start.clientY];
    const go = (event) => {
      this.box.x -= (event.clientX - x) * per;
      this.box.y -= (event.clientY - y) * per;
      [x, y] = [event.clientX, event.clientY];
      this.apply();
    };
    this.svg.setPointerCapture(start.pointerId);
    this.svg.addEventListener("pointermove", go);
    for (const end of ["pointerup", "pointercancel"]) {
      this.svg.addEventListener(end, () => this.svg.removeEventListener("pointermove", go), { once: true });
    }
  }

  buttons() {
    const box = element("div", { class: "sizes" });
    for (const [sign, label, act] of [
      ["+", "Larger", () => this.zoom(1 / 1.25)],
      ["−", "Smaller", () => this.zoom(1.25)],
      ["⤢", "Whole graph", () => this.reset()],
    ]) {
      const button = element("button", { type: "button", class: "plain", "aria-label": label, title: label }, sign);
      button.addEventListener("click", act);
      box.append(button);
    }
    return box;
  }
}

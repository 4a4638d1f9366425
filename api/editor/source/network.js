// An answer as nodes and lines between them: the triples of a graph, or what stands in one row of a table.
import { isGraph, nameOf } from "./solutions.js";

export const MOST_NODES = 140;
const TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const NAMES = /(?:^|[/#])(?:title|label|prefLabel|name)$/;
const NAMING = /^(.*?)_?(?:title|label|name)$/i;

const keyOf = (value) => (value.type === "uri" ? value.value : value.type === "bnode" ? `_:${value.value}` : null);

/** Nodes `{key, name, kind, iri}`, lines `{source, target, name}`, and how many lines there are in all. */
export function networkOf(results) {
  const net = new Net();
  if (isGraph(results)) fromTriples(net, results.getBindings());
  else fromRows(net, results.getBindings() ?? [], results.getVariables());
  return net;
}

function fromTriples(net, triples) {
  for (const { subject, predicate, object } of triples) {
    if (object.type === "literal" && NAMES.test(predicate.value)) net.call(keyOf(subject), object);
    if (predicate.value === TYPE) net.sort(keyOf(subject), nameOf(object));
  }
  for (const { subject, predicate, object } of triples) {
    if (predicate.value === TYPE) net.node(subject);
    else if (keyOf(object)) net.join(subject, object, nameOf(predicate));
    else if (!NAMES.test(predicate.value)) net.node(subject);
  }
}

/** The first column of things is joined with the others; a column of text such as ?title names the one before it,
 * and ?sourceTitle names ?source. */
function fromRows(net, rows, names) {
  const things = names.filter((name) => rows.some((row) => row[name] && keyOf(row[name])));
  const naming = new Map();
  let latest = things[0];
  for (const name of names) {
    if (things.includes(name)) latest = name;
    const stem = things.includes(name) ? null : NAMING.exec(name)?.[1];
    const owner = stem ? things.find((thing) => thing.toLowerCase() === stem.toLowerCase()) : stem === "" ? latest : null;
    if (owner && !naming.has(owner)) naming.set(owner, name);
  }
  for (const row of rows) {
    for (const thing of things) {
      const value = row[thing];
      if (!value || !keyOf(value)) continue;
      net.sort(keyOf(value), thing);
      if (row[naming.get(thing)]) net.call(keyOf(value), row[naming.get(thing)]);
    }
    const [first, ...others] = things.map((name) => [name, row[name]]).filter(([, value]) => value && keyOf(value));
    if (first && !others.length) net.node(first[1]);
    // With two columns of things, what their kinds are says it all.
    for (const [name, value] of others) net.join(first[1], value, things.length > 2 ? name : "");
  }
}

class Net {
  constructor() {
    this.nodes = new Map();
    this.lines = new Map();
    this.names = new Map();
    this.kinds = new Map();
    this.left = 0;
  }

  /** The first name that is given, but one in English before others. */
  call(key, literal) {
    const known = this.names.get(key);
    if (!known || (literal["xml:lang"] === "en" && known["xml:lang"] !== "en")) this.names.set(key, literal);
  }

  sort(key, kind) {
    if (!this.kinds.has(key)) this.kinds.set(key, kind);
  }

  node(value) {
    const key = keyOf(value);
    if (!this.nodes.has(key)) {
      if (this.nodes.size >= MOST_NODES) return null;
      const name = this.names.get(key)?.value ?? (value.type === "uri" ? nameOf(value) : "");
      this.nodes.set(key, { key, name, kind: this.kinds.get(key) ?? "", iri: value.type === "uri" ? value.value : null });
    }
    return key;
  }

  join(from, to, name) {
    const [source, target] = [this.node(from), this.node(to)];
    if (source === null || target === null) {
      this.left += 1;
    } else if (source !== target) {
      const key = `${source} ${target}`;
      const line = this.lines.get(key) ?? { source, target, names: new Set() };
      this.lines.set(key, line);
      line.names.add(name);
    }
  }
}

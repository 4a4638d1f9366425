// Just enough of SPARQL's grammar to know, at a place in an unfinished query, whose property is being written and
// what classes that subject is said to have.

const TOKENS = new RegExp(
  [
    /#[^\n]*/, // comment
    /<[^<>"{}|^`\\\s]*>/, // IRI
    /"""(?:[^"\\]|\\.|"(?!""))*"""|'''(?:[^'\\]|\\.|'(?!''))*'''/,
    /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/,
    /[?$][\p{L}\p{N}_]+/u, // variable
    /_:[\p{L}\p{N}_.-]*[\p{L}\p{N}_-]/u, // blank node
    /[\p{L}\p{N}_.-]*:(?:[\p{L}\p{N}_:%\\.-]*[\p{L}\p{N}_:%-])?/u, // prefixed name
    /@[a-zA-Z-]+|\^\^/,
    /[+-]?[\d.]*\d(?:[eE][+-]?\d+)?/,
    /[\p{L}_]+/u, // keyword, or a
    /&&|\|\||[!<>]=|./su,
  ]
    .map((part) => `(?:${part.source})`)
    .join("|"),
  "gsu",
);
const TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const ENDS = new Set(["{", "}", ".", "(", ")", "UNION", "OPTIONAL", "MINUS", "WHERE", "GRAPH", "FILTER", "BIND"]);

/** The tokens of a query with their places, without comments and blanks. */
export function tokens(query) {
  return [...query.matchAll(TOKENS)]
    .map((found) => ({ text: found[0], at: found.index }))
    .filter(({ text }) => !text.startsWith("#") && text.trim());
}

/** The full IRI of `<…>`, `p:n` or `a`, or null. */
export function iriOf(text, prefixes) {
  if (text === "a") return TYPE;
  if (text.startsWith("<")) return text.slice(1, -1);
  const colon = text.indexOf(":");
  const namespace = colon < 0 ? undefined : prefixes[text.slice(0, colon)];
  return namespace === undefined ? null : namespace + text.slice(colon + 1);
}

/** Subject by subject the classes stated with `a`; and the subject whose property stands at `cursor`. */
export function read(query, cursor, prefixes) {
  const classes = new Map();
  let current = null;
  let frame = { subject: null, predicate: null };
  const outer = [];
  let anonymous = 0;
  const take = (text) => {
    if (frame.subject === null) frame.subject = text;
    else if (frame.predicate === null) frame.predicate = text;
    else if (iriOf(frame.predicate, prefixes) === TYPE) {
      const iri = iriOf(text, prefixes);
      if (iri) classes.set(frame.subject, (classes.get(frame.subject) ?? new Set()).add(iri));
    }
  };
  for (const { text, at } of tokens(query)) {
    if (current === null && at >= cursor) current = frame.subject ?? "";
    if (text === "[") {
      const node = `[${(anonymous += 1)}`;
      take(node);
      outer.push(frame);
      frame = { subject: node, predicate: null };
    } else if (text === "]") {
      frame = outer.pop() ?? { subject: null, predicate: null };
    } else if (ENDS.has(text.toUpperCase())) {
      frame = { subject: null, predicate: null };
    } else if (text === ";") {
      frame.predicate = null;
    } else if (/^[\p{L}\p{N}_?$<:]/u.test(text)) {
      take(text);
    }
  }
  return { classes, subject: current ?? frame.subject ?? "" };
}

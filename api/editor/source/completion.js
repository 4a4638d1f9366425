// Completion from what the service says of itself (its prefixes and, by VoID, its classes and properties with their
// numbers). YASGUI's own completers ask other services on the web; these take their place.
import { iriOf, read } from "./syntax.js";
import { element } from "./elements.js";

const MOST = 60;
const TYPED = new Set(["a", "rdf:type", "rdfs:domain", "rdfs:range", "rdfs:subClassOf"]);

export function completeFrom(Yasqe, guide) {
  const shorter = guide.then((told) => new Shortener(told?.prefixes ?? {}));
  Yasqe.forkAutocompleter("prefixes", {
    name: "prefixes",
    persistenceId: undefined,
    get: async () => Object.entries((await guide)?.prefixes ?? {}).map(([prefix, iri]) => `${prefix}: <${iri}>`),
  });
  const completer = (name, isValidCompletionPosition, terms) =>
    Yasqe.forkAutocompleter(name, {
      name,
      autoShow: true,
      bulk: false,
      isValidCompletionPosition,
      preProcessToken: (_yasqe, token) => token,
      postProcessSuggestion: (_yasqe, _token, suggested) => suggested,
      get: async (yasqe, token) => {
        const told = await guide;
        if (!told || !token) return [];
        yasqe.offered = new Map(rank(terms(told, yasqe), token.string, await shorter, yasqe).map((term) => [term.iri, term]));
        return [...yasqe.offered.keys()];
      },
      postprocessHints: (yasqe, hints) => hints.map((hint) => dress(hint, yasqe.offered.get(hint.text), yasqe)),
    });
  completer("class", wantsClass, (told) => told.classes);
  completer("property", wantsProperty, propertiesFor);
}

function wantsClass(yasqe) {
  const token = yasqe.getCompleteToken();
  if (/^[?$"'_]/.test(token.string)) return false;
  const before = yasqe.getPreviousNonWsToken(yasqe.getDoc().getCursor().line, token);
  return TYPED.has(before.state.lastProperty) && TYPED.has(before.string);
}

function wantsProperty(yasqe) {
  const token = yasqe.getCompleteToken();
  if (/^[?$"'_]/.test(token.string) || wantsClass(yasqe)) return false;
  return token.state.possibleCurrent.includes("a");
}

/** The properties of the classes that the subject is said to have; all of them where it has none. */
function propertiesFor(told, yasqe) {
  const cursor = yasqe.getDoc().indexFromPos({ line: yasqe.getDoc().getCursor().line, ch: yasqe.getCompleteToken().start });
  const { classes, subject } = read(yasqe.getValue(), cursor, yasqe.getPrefixesFromQuery());
  const stated = told.classes.filter(({ iri }) => classes.get(subject)?.has(iri));
  const uses = new Map();
  for (const { properties } of stated) {
    for (const [place, triples] of properties) uses.set(place, (uses.get(place) ?? 0) + triples);
  }
  if (!uses.size) return told.properties;
  return [...uses].map(([place, triples]) => ({ ...told.properties[place], count: triples }));
}

/** The terms that match what is typed, best first: the start of the name, then of any word, then anywhere. */
function rank(terms, typed, shorter, yasqe) {
  const prefixes = yasqe.getPrefixesFromQuery();
  const iri = iriOf(typed, prefixes) ?? typed.replace(/^</, "");
  const local = typed.toLowerCase().replace(/^<|>$/g, "");
  const scored = [];
  for (const term of terms) {
    const name = shorter.shorten(term.iri, prefixes) ?? term.iri;
    if (name === typed || `<${term.iri}>` === typed) return [];
    const words = `${name} ${term.label}`.toLowerCase();
    const own = name.slice(name.indexOf(":") + 1).toLowerCase();
    let score = 0;
    if (!local) score = 1;
    else if (name.toLowerCase().startsWith(local) || (iri.length > 7 && term.iri.startsWith(iri))) score = 4;
    else if (own.startsWith(local)) score = 3;
    else if (words.split(/[\s:]+/).some((word) => word.startsWith(local))) score = 2;
    else if (words.includes(local)) score = 1;
    if (score) scored.push({ ...term, name, score });
  }
  return scored.sort((a, b) => b.score - a.score || b.count - a.count).slice(0, MOST);
}

/** A line of the list: name, what it is called, how often it is used; picking it declares its prefix. */
function dress(hint, term, yasqe) {
  const [prefix] = term.name.split(":", 1);
  const namespace = term.iri.slice(0, term.iri.length - (term.name.length - prefix.length - 1));
  const short = term.name !== term.iri;
  return {
    ...hint,
    text: short ? term.name : `<${term.iri}>`,
    render: (line) => {
      line.append(element("span", { class: "name" }, term.name), element("span", { class: "label" }, term.label));
      if (term.count) line.append(element("span", { class: "count" }, term.count.toLocaleString("en")));
      if (term.about) line.title = term.about;
    },
    hint: (_editor, _data, picked) => {
      const doc = yasqe.getDoc();
      doc.replaceRange(picked.text, picked.from ?? _data.from, picked.to ?? _data.to, "complete");
      if (short && !(prefix in yasqe.getPrefixesFromQuery())) yasqe.addPrefixes({ [prefix]: namespace });
    },
  };
}

/** IRIs as prefixed names: by the query's own prefixes first, then by those that the service knows. */
class Shortener {
  constructor(prefixes) {
    this.prefixes = prefixes;
  }

  shorten(iri, declared) {
    for (const prefixes of [declared, this.prefixes]) {
      for (const [prefix, namespace] of Object.entries(prefixes)) {
        const rest = iri.slice(namespace.length);
        if (namespace && iri.startsWith(namespace) && /^[\p{L}\p{N}_-]+$/u.test(rest)) return `${prefix}:${rest}`;
      }
    }
    return null;
  }
}

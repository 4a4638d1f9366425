"""``ontology docs``: static pages about every scheme, concept and term of a vocabulary tree.

Plain HTML without scripts: an index, a page on the ontology, and a folder a scheme with its tree and a page a concept.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import jinja2

from core.errors import VocabularyError
from core.terms import DCT, OWL, RDF, SKOS
from ontology.difference_report import short
from ontology.entries import TERMS, Entries, Entry, Term, insist_on_sound
from ontology.term_pages import Item, Row, Steps, Value, slugs, tree_steps
from ontology.tree import Tree

_MARKER = ".written-by-radiograph"
_TEMPLATES = Path(__file__).with_name("templates")

#: Rows of a page in their order; other properties follow by name.
_ROWS = {
    str(SKOS.prefLabel): "Name",
    str(SKOS.altLabel): "Other names",
    str(SKOS.hiddenLabel): "Also matched",
    str(DCT.description): "Description",
    str(SKOS.definition): "Definition",
    str(SKOS.scopeNote): "Scope",
    str(SKOS.example): "Example",
    str(SKOS.notation): "Code",
    str(SKOS.broader): "Broader",
    str(SKOS.related): "Related",
    str(SKOS.exactMatch): "Means the same as",
    str(SKOS.closeMatch): "Means nearly the same as",
    str(SKOS.broadMatch): "Is narrower than",
    str(SKOS.narrowMatch): "Is broader than",
    str(DCT.source): "Source",
    str(DCT.license): "Licence",
    str(RDF.type): "Kind",
}
_UNSHOWN = {
    str(p)
    for p in (SKOS.inScheme, SKOS.topConceptOf, SKOS.hasTopConcept, SKOS.narrower, OWL.deprecated, DCT.isReplacedBy)
}
_SECTIONS = (
    ("Classes", {str(OWL.Class)}),
    ("Object properties", {str(OWL.ObjectProperty)}),
    ("Datatype properties", {str(OWL.DatatypeProperty)}),
    ("Other terms", set[str]()),
)


def write_term_pages(tree: Tree, output: Path) -> int:
    """Write the pages into ``output`` in place of those written before; how many there are.

    Raises:
        VocabularyError: the tree has a fault, or ``output`` holds something else.
    """
    if output.exists() and not (output / _MARKER).is_file() and (not output.is_dir() or any(output.iterdir())):
        raise VocabularyError(
            "holds something that is not a set of term pages", where=str(output), remedy="name another folder"
        )
    pages = term_pages(tree)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as folder:
        fresh = Path(folder) / "pages"
        for name, text in pages.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        (fresh / _MARKER).touch()
        if output.exists():
            output.rename(Path(folder) / "before")
        fresh.rename(output)
    return sum(name.endswith(".html") for name in pages)


def term_pages(tree: Tree) -> Mapping[str, str]:
    """The text of each page by its name in the folder; the same for the same tree."""
    insist_on_sound(tree)
    return dict(_Pages(Entries(tree)).all())


@dataclass(frozen=True)
class _Pages:
    """The pages of a tree."""

    entries: Entries

    @cached_property
    def places(self) -> Mapping[str, str]:
        """Where each IRI is described: a page by its name in the folder, or a part of one."""
        found: dict[str, str] = {}
        groups: dict[str, list[Entry]] = defaultdict(list)
        for (group, _), entry in sorted(self.entries.all.items()):
            groups[group].append(entry)
        folders = slugs([group for group in groups if group != TERMS], taken=())
        for group, members in groups.items():
            parts = [entry for entry in members if entry.kind in ("concept", "term", "entry")]
            named = slugs([_key(entry) for entry in parts], taken=("index", "content"))
            for entry in members:
                if group == TERMS:
                    place = "ontology.html" + (f"#{named[_key(entry)]}" if entry.kind != "header" else "")
                elif entry.kind == "scheme":
                    place = f"{folders[group]}/index.html"
                else:
                    place = f"{folders[group]}/{named[_key(entry)]}.html"
                found.setdefault(entry.iri, place)
        return found

    @cached_property
    def narrower(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for iri, parents in self.entries.parents.items():
            if not self.entries.by_iri[iri][0].deprecated:
                for parent in parents:
                    found[parent].append(iri)
        return {iri: sorted(children, key=self._order) for iri, children in found.items()}

    def all(self) -> Iterator[tuple[str, str]]:
        """Each page's name and text."""
        yield "style.css", (_TEMPLATES / "style.css").read_text(encoding="utf-8")
        entries = [entry for _, entry in sorted(self.entries.all.items())]
        schemes = [entry for entry in entries if entry.kind == "scheme" and entry.group != TERMS]
        concepts = [entry for entry in entries if entry.kind in ("concept", "entry") and entry.group != TERMS]
        header = next((entry for entry in entries if entry.kind == "header"), None)
        terms = [entry for entry in entries if entry.kind == "term"]
        yield "index.html", self._index(header, terms, schemes, concepts)
        yield "ontology.html", self._ontology(header, terms)
        names = {scheme.group: scheme.name for scheme in schemes}
        for scheme in schemes:
            yield self.places[scheme.iri], self._scheme(scheme, [c for c in concepts if c.group == scheme.group])
        for concept in concepts:
            narrower = Row("Narrower", [self._link(iri, "../") for iri in self.narrower.get(concept.iri, ())])
            rows = self._rows(concept, "../", {str(SKOS.broader): narrower})
            scheme_name = names.get(concept.group, concept.group)
            yield (
                self.places[concept.iri],
                self._page("concept.html", "../", item=self._item(concept, "../"), rows=rows, scheme=scheme_name,
                           name=concept.name, iri=concept.iri),
            )  # fmt: skip

    def _index(self, header: Entry | None, terms: list[Entry], schemes: list[Entry], concepts: list[Entry]) -> str:
        numbers: dict[str, int] = defaultdict(int)
        for concept in concepts:
            numbers[concept.group] += 1
        rows = [
            {
                "href": self.places[scheme.iri],
                "title": scheme.name,
                "number": numbers[scheme.group],
                "description": _first(scheme, str(DCT.description)),
            }
            for scheme in sorted(schemes, key=lambda scheme: (scheme.name.casefold(), scheme.iri))
        ]
        description = _first(header, str(DCT.description)) if header else ""
        title = header.name if header else "Ontology"
        return self._page("index.html", "", schemes=rows, description=description, title=title, terms=len(terms))

    def _ontology(self, header: Entry | None, terms: list[Entry]) -> str:
        sections, left = [], sorted(terms, key=lambda term: (term.name.casefold(), term.iri))
        for title, kinds in _SECTIONS:
            chosen = [term for term in left if not kinds or kinds & set(term.iris(str(RDF.type)))]
            left = [term for term in left if term not in chosen]
            if chosen:
                sections.append({"title": title, "terms": [self._item(term, "") for term in chosen]})
        return self._page(
            "ontology.html",
            "",
            title=header.name if header else "Ontology",
            rows=self._rows(header, "") if header else [],
            sections=sections,
        )

    def _scheme(self, scheme: Entry, concepts: list[Entry]) -> str:
        live = {concept.iri for concept in concepts if not concept.deprecated}
        tops = sorted((iri for iri in live if not self.entries.parents[iri] & live), key=self._order)
        reached: Steps = list(tree_steps(tops, self.narrower, live))
        shown = {step for step, _ in reached}
        # What hangs in a circle is under no top concept; it is listed all the same.
        rest = sorted(live - shown, key=self._order)
        reached += [step for iri in rest for step in ((iri, False), ("end", False))]
        steps = [
            kind if kind in ("down", "up", "end") else self._item(self.entries.by_iri[kind][0], "../", seen=seen)
            for kind, seen in reached
        ]
        retired = sorted((c.iri for c in concepts if c.deprecated), key=self._order)
        return self._page(
            "scheme.html",
            "../",
            title=scheme.name,
            iri=scheme.iri,
            rows=self._rows(scheme, "../"),
            steps=steps,
            retired=[self._item(self.entries.by_iri[iri][0], "../") for iri in retired],
        )

    def _order(self, iri: str) -> tuple[str, str]:
        return (self.entries.name(iri) or iri).casefold(), iri

    def _item(self, entry: Entry, up: str, *, seen: bool = False) -> Item:
        place = self.places[entry.iri]
        return Item(
            iri=entry.iri,
            name=entry.name,
            notation=_first(entry, str(SKOS.notation)),
            href=up + place,
            id=place.partition("#")[2],
            deprecated=entry.deprecated,
            heirs=[self._link(iri, up) for iri in entry.iris(str(DCT.isReplacedBy))],
            rows=self._rows(entry, up) if entry.kind == "term" else [],
            seen=seen,
        )

    def _rows(self, entry: Entry, up: str, after: Mapping[str, Row] | None = None) -> list[Row]:
        rows: list[Row] = []
        others = sorted(entry.values.keys() - _ROWS.keys() - _UNSHOWN, key=short)
        for predicate in (*_ROWS, *others):
            values = [*map(_text, entry.texts(predicate)), *(self._link(iri, up) for iri in entry.iris(predicate))]
            rows.append(Row(_ROWS.get(predicate, short(predicate)), values))
            if after and predicate in after:
                rows.append(after[predicate])
        return [row for row in rows if row.values]

    def _link(self, iri: str, up: str) -> Value:
        name = self.entries.name(iri)
        if iri in self.places:
            return Value(name or iri, href=up + self.places[iri])
        return Value(short(iri), href=iri if iri.startswith(("https://", "http://")) else "")

    def _page(self, template: str, up: str, **values: object) -> str:
        return _environment().get_template(template).render(up=up, version=self._version, **values)

    @cached_property
    def _version(self) -> str:
        headers = [entry for entry in self.entries.all.values() if entry.kind == "header"]
        return _first(headers[0], str(OWL.versionInfo)) if headers else ""


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


def _key(entry: Entry) -> str:
    codes = entry.texts(str(SKOS.notation))
    return codes[0].value if codes else entry.iri.rstrip("/#").rpartition("#" if "#" in entry.iri else "/")[2]


def _first(entry: Entry, predicate: str) -> str:
    return next((text.value for text in entry.texts(predicate)), "")


def _text(text: Term) -> Value:
    language = getattr(text, "language", None) or ""
    return Value(text.value, language=language)

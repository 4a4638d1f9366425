"""What is wrong with the mapping sets of a tree: the file itself, and what its rows say of our concepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph

from core.terms import CONCEPT, OWL, RDF, SKOS
from ontology.check_profile import Profile
from ontology.finding import Finding
from ontology.mapping_table import MappingTable, Row, read_table
from ontology.sssom import NO_TERM_FOUND
from ontology.tree import Tree

_METADATA = ("mapping_set_id", "mapping_set_title", "mapping_set_version", "license")
_CELLS = ("predicate_id", "object_id", "mapping_justification")
_MATCHES = {f"{SKOS}{kind}" for kind in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")}
#: The kinds of matching that SSSOM's vocabulary of justifications has.
_JUSTIFICATIONS = frozenset(
    "https://w3id.org/semapv/vocab/" + name
    for name in (
        "ManualMappingCuration", "LexicalMatching", "LexicalSimilarityThresholdMatching",
        "SemanticSimilarityThresholdMatching", "LogicalReasoning", "CompositeMatching", "UnspecifiedMatching",
        "MappingReview", "MappingChaining", "MappingInversion", "BackgroundKnowledgeBasedMatching",
        "StructuralMatching", "InstanceBasedMatching",
    )
)  # fmt: skip
_BLANKS = re.compile(r"^\s|\s$|\s\s")
_CODE = re.compile(r"[^/#:_]*$")
_PREFIX = re.compile(r"^([\w.-]+):")

Problem = tuple[str, int | None, dict[str, str]]


@dataclass(frozen=True, slots=True)
class _Concept:
    scheme: str
    labels: frozenset[str]
    label: str
    deprecated: bool
    matches: frozenset[tuple[str, str]]


def mapping_findings(tree: Tree, profile: Profile | None = None) -> Iterator[Finding]:
    """What is wrong with the mapping sets, in the words of the profile."""
    profile = profile or Profile.load(tree.checks)
    concepts = _concepts(tree)
    broken = {fault.file for fault in tree.faults}
    for name, text in tree.texts.items():
        if not name.endswith(".tsv"):
            continue
        for check, line, said in _SetCheck(read_table(text), concepts, tree, broken).problems():
            finding = profile.finding(check, name, line, **said)
            if finding is not None:
                yield finding


def _concepts(tree: Tree) -> dict[str, _Concept]:
    found: dict[str, _Concept] = {}
    for scheme, file in tree.schemes.items():
        added = tree.additions[scheme].triples if scheme in tree.additions else ()
        said: dict[str, dict[str, list[pyoxigraph.NamedNode | pyoxigraph.Literal]]] = {}
        for triple in (*file.triples, *added):
            assert isinstance(triple.subject, pyoxigraph.NamedNode)
            assert isinstance(triple.object, pyoxigraph.NamedNode | pyoxigraph.Literal)
            said.setdefault(triple.subject.value, {}).setdefault(triple.predicate.value, []).append(triple.object)
        for iri, values in said.items():
            if str(SKOS.Concept) not in {kind.value for kind in values.get(str(RDF.type), ())}:
                continue
            names = [name for name in values.get(str(SKOS.prefLabel), ()) if isinstance(name, pyoxigraph.Literal)]
            english = [name.value for name in names if name.language == "en"]
            found[iri] = _Concept(
                scheme=str(CONCEPT) + scheme,
                labels=frozenset(name.value for name in names),
                label=(english or [iri])[0],
                deprecated="true" in {value.value for value in values.get(str(OWL.deprecated), ())},
                matches=frozenset((kind, value.value) for kind in _MATCHES for value in values.get(kind, ())),
            )
    return found


class _SetCheck:
    """Looks at one mapping set."""

    def __init__(self, table: MappingTable, concepts: dict[str, _Concept], tree: Tree, broken: set[str]) -> None:
        self._table = table
        self._concepts = concepts
        self._schemes = {str(CONCEPT) + name for name in tree.schemes}
        self._broken = {
            str(CONCEPT) + name.removeprefix("concepts/").removesuffix(".ttl")
            for name in broken
            if name.endswith(".ttl")
        }
        self._of_texts = "subject_id" not in table.columns

    def problems(self) -> Iterator[Problem]:
        table = self._table
        yield from ((check, line, {"value": value}) for check, line, value in table.problems)
        for slot in _METADATA:
            if not table.metadata.get(slot):
                yield "mapping-metadata", None, {"value": slot}
        required = (*_CELLS, *(("subject_label", "object_source") if self._of_texts else ("subject_id",)))
        missing = [column for column in required if column not in table.columns]
        yield from (("mapping-columns", table.head, {"value": column}) for column in missing)
        if missing:
            return
        used: set[str] = set()
        for row in table.rows:
            yield from self._row(row, required)
            used |= {found[1] for cell in row.cells.values() if (found := _PREFIX.match(cell))}
        for prefix in table.prefixes.keys() - used:
            yield "mapping-prefix-unused", table.prefix_lines[prefix], {"value": f"{prefix}:"}
        yield from self._between()

    def _row(self, row: Row, required: tuple[str, ...]) -> Iterator[Problem]:
        for column, cell in row.cells.items():
            if _BLANKS.search(cell):
                yield "mapping-whitespace", row.line, {"value": f"{column} {cell!r}"}
        for column in required:
            if not row[column]:
                yield "mapping-cell-empty", row.line, {"value": column}
        undeclared = {
            row[column]
            for column in ("subject_id", "predicate_id", "object_id", "mapping_justification", "object_source")
            if row[column] and self._table.expand(row[column]) is None
        }
        for curie in sorted(undeclared):
            yield "mapping-prefix", row.line, {"value": curie}
        predicate = self._iri(row, "predicate_id")
        if predicate and predicate not in _MATCHES:
            yield "mapping-predicate", row.line, {"value": row["predicate_id"]}
        justification = self._iri(row, "mapping_justification")
        if justification and justification not in _JUSTIFICATIONS:
            yield "mapping-justification", row.line, {"value": row["mapping_justification"]}
        if row["confidence"] and not _is_confidence(row["confidence"]):
            yield "mapping-confidence", row.line, {"value": row["confidence"]}
        yield from self._object(row)
        yield from self._subject(row)

    def _object(self, row: Row) -> Iterator[Problem]:
        iri, source = self._iri(row, "object_id"), self._iri(row, "object_source")
        if self._of_texts and source and source not in self._schemes | self._broken:
            yield "mapping-scheme", row.line, {"value": row["object_source"]}
        if iri is None or iri == NO_TERM_FOUND:
            return
        concept = self._concepts.get(iri)
        if concept is None:
            if (self._of_texts or self._is_ours(iri)) and not self._is_broken(iri, source):
                yield "mapping-object", row.line, {"value": row["object_id"]}
            return
        if self._of_texts and source in self._schemes and source != concept.scheme:
            yield "mapping-object-scheme", row.line, {"value": row["object_id"]}
        if concept.deprecated:
            yield "mapping-deprecated", row.line, {"value": row["object_id"]}
        if row["object_label"] and row["object_label"] not in concept.labels:
            yield "mapping-label", row.line, {"value": row["object_label"], "other": concept.label}

    def _subject(self, row: Row) -> Iterator[Problem]:
        iri = None if self._of_texts else self._iri(row, "subject_id")
        if iri is None:
            return
        concept = self._concepts.get(iri)
        if iri == self._iri(row, "object_id"):
            yield "mapping-self", row.line, {"value": row["subject_id"]}
        if concept is None:
            if self._is_ours(iri) and not self._is_broken(iri, None):
                yield "mapping-subject", row.line, {"value": row["subject_id"]}
            return
        if (self._iri(row, "predicate_id"), self._iri(row, "object_id")) in concept.matches:
            yield "mapping-said", row.line, {"value": row["subject_id"], "other": row["object_id"]}
        if concept.deprecated:
            yield "mapping-deprecated", row.line, {"value": row["subject_id"]}
        if row["subject_label"] and row["subject_label"] not in concept.labels:
            yield "mapping-label", row.line, {"value": row["subject_label"], "other": concept.label}

    def _between(self) -> Iterator[Problem]:
        """Rows that repeat or contradict others."""
        told: dict[tuple[str, ...], int] = {}
        meaning: dict[tuple[str, str], dict[bool, int]] = {}
        exact: dict[tuple[str, str], tuple[str, int]] = {}
        for row in self._table.rows:
            subject = row["subject_label"].casefold() if self._of_texts else row["subject_id"]
            source, target = row["object_source"], row["object_id"]
            key = (subject, source, target) if self._of_texts else (subject, target, row["predicate_id"])
            if key in told:
                said = f"{row['subject_label'] or subject} is {target}"
                yield "mapping-duplicate", row.line, {"value": said, "other": str(told[key])}
            told.setdefault(key, row.line)
            nothing = self._iri(row, "object_id") == NO_TERM_FOUND
            kinds = meaning.setdefault((subject, source), {})
            if (not nothing) in kinds:
                said = repr(row["subject_label"] or subject)
                yield "mapping-contradiction", row.line, {"value": said, "other": str(kinds[not nothing])}
            kinds.setdefault(nothing, row.line)
            iri = self._iri(row, "object_id")
            if not self._of_texts and iri and not nothing and self._iri(row, "predicate_id") == str(SKOS.exactMatch):
                vocabulary = (subject, _CODE.sub("", iri))
                other, line = exact.setdefault(vocabulary, (iri, row.line))
                if other != iri:
                    yield "mapping-exact-clash", row.line, {"value": subject, "other": str(line)}

    def _iri(self, row: Row, column: str) -> str | None:
        return self._table.expand(row[column]) if row[column] else None

    def _is_ours(self, iri: str) -> bool:
        return iri.startswith(str(CONCEPT))

    def _is_broken(self, iri: str, source: str | None) -> bool:
        """Whether the concept may be in a file that could not be read."""
        return source in self._broken or any(iri.startswith(f"{scheme}/") for scheme in self._broken)


def _is_confidence(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False

"""Broken descriptions by the thousand: valid ones, with one to three things made wrong at random, by seed.

Every kind of fault that stewards make has its own way of breaking: a value that is missing, doubled, of the wrong
type, list, language, node kind or datatype, or a node without an IRI where one is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.errors import DescriptionError
from core.slices import BOUNDARIES
from core.terms import RDF, RDFS, XSD
from tests.shapes.conftest import EX, EXAMPLES, example
from tests.shapes.oracle import LEVELS, as_judged

#: A fault changes the description in place; false where there is nothing of the kind to break.
Fault = Callable[[Graph, random.Random], bool]
_EU = "http://publications.europa.eu/resource/authority/"
_EHDS = "https://hdeu-dcat.data.health.europa.eu/resource/authority/"
_STRAYS = (
    *(
        f"{_EU}{code}"
        for code in ("language/ENGLISH", "language/SWA", "language/NLD", "country/NLD", "country/Holland")
    ),
    *(f"{_EU}{code}" for code in ("file-type/zip", "file-type/CSV", "frequency/SOMETIMES", "frequency/DAILY")),
    *(
        f"{_EU}{code}"
        for code in ("data-theme/HEALTH", "data-theme/TECH", "access-right/OPEN", "access-right/RESTRICTED")
    ),
    *(f"{_EU}{code}" for code in ("dataset-type/HVD", "planned-availability/TEMPORARY", "distribution-status/DONE")),
    "http://purl.org/adms/licencetype/PublicDomain",
    "http://purl.org/adms/publishertype/Hospital",
    "https://www.iana.org/assignments/media-types/text/csv",
    f"{_EHDS}health-theme/CANCER_DISEASE",
    *(
        f"{_EHDS}{code}"
        for code in ("healthcategories/NONE", "coding-system/NONE", "standard/NEW", "publisher-type/new")
    ),
    "https://sws.geonames.org/2750405/",
    "http://sws.geonames.org/2750405/",
    "https://example.org/synthetic/nowhere",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a corpus is made of: the profile to judge by, and for HealthDCAT-AP the access level."""

    profile: str
    level: str = ""

    def __str__(self) -> str:
        return f"{self.profile} {self.level}".strip()

    def takes(self, example_name: str) -> bool:
        """Whether descriptions of this example are judged by the profile, and have the level or none."""
        if self.profile == "dcat-ap":
            return True
        levels = [level for level in reversed(LEVELS) if f"-{level}-" in example_name]
        return example_name.startswith(self.profile) and levels[:1] in ([], [self.level])


KINDS = (Kind("dcat-ap"), *(Kind("healthdcat-ap", level) for level in LEVELS))


@dataclass(frozen=True, slots=True)
class Broken:
    """A record of an example after its faults, as it is judged."""

    source: str
    record: URIRef
    faults: tuple[str, ...]
    stated: Graph


@cache
def records(kind: Kind) -> tuple[tuple[str, URIRef], ...]:
    """Every example and every record described in it that a corpus of this kind starts from."""
    found = []
    for path in sorted(EXAMPLES.glob("*.ttl")):
        graph = example(path.stem)
        for record in sorted({s for boundary in BOUNDARIES for s in graph.subjects(RDF.type, boundary)}, key=str):
            if isinstance(record, URIRef) and len(set(graph.predicates(record))) > 2 and kind.takes(path.stem):
                found.append((path.stem, record))
    return tuple(found)


def broken(kind: Kind, seed: int) -> Broken:
    """The description of this number: the same whenever it is asked for."""
    dice = random.Random(f"{kind} {seed}")
    while True:
        # Datasets have by far the most rules: every other record that is none is left out.
        source, record = dice.choice([item for item in records(kind) if item[1] == EX.dataset or dice.random() < 0.5])
        graph = as_judged(example(source), record)
        faults = tuple(_faults(graph, dice))
        try:
            return Broken(source, record, faults, as_judged(graph, record))
        except DescriptionError:
            continue  # nodes without IRIs in a circle: refused before anything is judged


def _faults(graph: Graph, dice: random.Random) -> Iterator[str]:
    """One to three faults, each where it can be made; a description of which nothing is left needs no more."""
    for _ in range(dice.randint(1, 3)):
        names = dice.sample(list(FAULTS), len(FAULTS))
        made = next((name for name in names if FAULTS[name](graph, dice)), None)
        if made is not None:
            yield made


def _pick(graph: Graph, dice: random.Random, kind: type[Node] | None = None) -> tuple[Node, Node, Node] | None:
    """A statement of the description other than a type, whose object is of this kind."""
    triples = [t for t in sorted(graph) if t[1] != RDF.type and (kind is None or isinstance(t[2], kind))]
    return dice.choice(triples) if triples else None


def _swap(graph: Graph, triple: tuple[Node, Node, Node], value: Node) -> bool:
    graph.remove(triple)
    graph.add((triple[0], triple[1], value))
    return True


def missing(graph: Graph, dice: random.Random) -> bool:
    """All values of a property are gone."""
    triple = _pick(graph, dice)
    if triple is None:
        return False
    graph.remove((triple[0], triple[1], None))
    return True


def doubled(graph: Graph, dice: random.Random) -> bool:
    """A second value beside the first, as good as it."""
    triple = _pick(graph, dice)
    if triple is None:
        return False
    s, p, o = triple
    if isinstance(o, Literal):
        graph.add((s, p, Literal(f"{o}1", lang=o.language, datatype=o.datatype)))
        return True
    second = EX[f"second-{dice.randrange(10**6)}"]
    for q, v in list(graph.predicate_objects(o)):
        graph.add((second, q, v))
    graph.add((s, p, second))
    return True


def wrong_type(graph: Graph, dice: random.Random) -> bool:
    """A node loses its types, or is of another."""
    neighbours = {s for kind in BOUNDARIES for s in graph.subjects(RDF.type, kind)}
    nodes = sorted(set(graph.subjects(RDF.type)) - neighbours, key=str)
    if not nodes:
        return False
    node = dice.choice(nodes)
    kinds = sorted(set(graph.objects(None, RDF.type)) - set(BOUNDARIES), key=str)
    graph.remove((node, RDF.type, None))
    graph.add((node, RDFS.label, Literal("Of another type")))
    if dice.random() < 0.5:
        graph.add((node, RDF.type, dice.choice(kinds)))
    return True


def wrong_list(graph: Graph, dice: random.Random) -> bool:
    """An IRI from another list, or of no entry."""
    triple = _pick(graph, dice, URIRef)
    return triple is not None and _swap(graph, triple, URIRef(dice.choice(_STRAYS)))


def wrong_language(graph: Graph, dice: random.Random) -> bool:
    """A text in another language, or in none that is said."""
    texts = [t for t in sorted(graph) if isinstance(t[2], Literal) and t[2].language]
    if not texts:
        return False
    triple = dice.choice(texts)
    return _swap(graph, triple, Literal(str(triple[2]), lang=dice.choice(["nl", "en-GB", None])))


def wrong_node_kind(graph: Graph, dice: random.Random) -> bool:
    """A text where a resource is asked for, or the other way round."""
    triple = _pick(graph, dice)
    if triple is None:
        return False
    return _swap(graph, triple, EX.nowhere if isinstance(triple[2], Literal) else Literal(str(triple[2])))


def wrong_datatype(graph: Graph, dice: random.Random) -> bool:
    """A literal of another datatype, or one that its datatype does not allow."""
    triple = _pick(graph, dice, Literal)
    if triple is None:
        return False
    text, datatype = dice.choice(
        [
            *((str(triple[2]), kind) for kind in (None, XSD.string, XSD.integer, XSD.date, XSD.anyURI)),
            *(("2020-13-45", XSD.date), ("yes", XSD.boolean), ("-1", XSD.nonNegativeInteger), ("2020", XSD.gYear)),
        ]
    )
    return _swap(graph, triple, Literal(text, datatype=datatype))


def blank_for_iri(graph: Graph, dice: random.Random) -> bool:
    """A node without an IRI, which says what the IRI's description said, or nothing but a label."""
    triple = _pick(graph, dice, URIRef)
    if triple is None:
        return False
    node = BNode(f"b{dice.randrange(10**9)}")
    described = list(graph.predicate_objects(triple[2]))
    for p, o in described if dice.random() < 0.7 else []:
        if o != node:
            graph.add((node, p, o))
    graph.add((node, RDFS.label, Literal("Without an IRI")))
    return _swap(graph, triple, node)


def stray_value(graph: Graph, dice: random.Random) -> bool:
    """A value of one property under another as well: copied one cell too far."""
    one, other = _pick(graph, dice), _pick(graph, dice)
    if one is None or other is None or one[0] == other[2]:
        return False
    graph.add((one[0], one[1], other[2]))
    return True


FAULTS: Mapping[str, Fault] = {
    fault.__name__: fault
    for fault in (
        *(missing, doubled, wrong_type, wrong_list, wrong_language),
        *(wrong_node_kind, wrong_datatype, blank_for_iri, stray_value),
    )
}

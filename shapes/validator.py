"""Judges descriptions by the profiles that apply to them and reports in words a data steward understands."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from rdflib import Graph, URIRef
from rdflib.term import Node

from core.errors import RadiographError
from core.slices import BOUNDARIES, forward_closure
from core.terms import RDF
from ontology.background import background
from ontology.vocabulary import Vocabularies
from shapes.cache import VerdictCache, VerdictKey
from shapes.conditions import UnknownConstraint
from shapes.engine import ENGINE_VERSION, Engine, Result, plain_graph
from shapes.profiles import Profile, Profiles
from shapes.report import Report
from shapes.reporting import Reporter
from shapes.screen import Screen
from shapes.slices import Slicer
from shapes.statements import text_of, view
from shapes.submission import Submission

logger = logging.getLogger(__name__)

_CONTEXT = URIRef("urn:x-radiograph:context")
#: Remembered verdicts are asked for this many at once.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one submission; ``known`` where the verdict was remembered."""

    record: URIRef
    known: bool
    _report: Report | Callable[[], str]

    @property
    def report(self) -> Report:
        """The report. A remembered one is read when it is asked for."""
        return self._report if isinstance(self._report, Report) else Report.model_validate_json(self._report())


@dataclass(frozen=True, slots=True)
class _Terms:
    """How a description is to be judged: what is known besides, by which profiles, with whose relaxations."""

    context: Submission | None = None
    repository: str | None = None
    profiles: tuple[str, ...] | None = None
    gate: str | None = None
    catalogue: bool = False


class Validator:
    """Prepared shapes of all profiles; one object serves a whole run.

    Args:
        cache: where verdicts are remembered.
        screened: whether a quick look clears what is sure to hold, so that pySHACL is only asked about the rest; the
            reports are the same, and take several times as long without.

    Raises:
        ProfileError: a constraint has no name, message, severity or specification, or is not valid SHACL.
    """

    def __init__(
        self,
        profiles: Profiles,
        vocabularies: Vocabularies,
        cache: VerdictCache | None = None,
        *,
        screened: bool = True,
    ) -> None:
        self._profiles = profiles
        self._vocabularies = vocabularies
        self._cache = cache
        shapes = plain_graph()
        for file in profiles.files.values():
            shapes += file.graph
        self._reporter = Reporter(profiles)
        self.rules = self._reporter.rules
        self._engine = Engine(shapes, profiles.classes)
        self._screen = Screen(self._engine, profiles.classes) if screened else None
        self._slicer = Slicer(vocabularies)

    @property
    def profiles(self) -> Profiles:
        """The declared profiles it judges by."""
        return self._profiles

    def validate(
        self,
        description: Graph,
        dataset: URIRef,
        *,
        context: Graph | None = None,
        repository: str | None = None,
        profiles: Iterable[str] | None = None,
        gate: str | None = None,
    ) -> Report:
        """Judge one dataset's description.

        ``context`` is the graph of the repository's catalogue and agents. ``profiles`` names the profiles to judge
        by; left out, those that apply by themselves, and ``gate`` besides. ``repository`` is the key that an
        operator's relaxations name.

        Raises:
            DescriptionError: blank nodes of the description form a cycle or nest too deeply.
            ProfileError: a named profile does not exist.
        """
        (outcome,) = self.validate_many(
            [Submission(dataset, description)], context=context, repository=repository, profiles=profiles, gate=gate
        )
        return outcome.report

    def validate_many(
        self,
        submissions: Iterable[Submission],
        *,
        context: Graph | None = None,
        repository: str | None = None,
        profiles: Iterable[str] | None = None,
        gate: str | None = None,
    ) -> Iterator[Outcome]:
        """Judge datasets one by one, in order, as they come. Arguments and errors as in :meth:`validate`."""
        surroundings = Submission(_CONTEXT, context) if context is not None else None
        named = tuple(profiles) if profiles is not None else None
        yield from self._outcomes(submissions, _Terms(surroundings, repository, named, gate))

    def validate_catalogue(
        self,
        graph: Graph,
        catalogue: URIRef,
        *,
        repository: str | None = None,
        profiles: Iterable[str] | None = None,
        gate: str | None = None,
    ) -> Report:
        """Judge a catalogue with its agents, or a series, data service or catalogue record, in a pass of its own.

        Datasets it lists are not entered. Arguments and errors as in :meth:`validate`.
        """
        named = tuple(profiles) if profiles is not None else None
        terms = _Terms(None, repository, named, gate, catalogue=True)
        (outcome,) = self._outcomes([Submission(catalogue, graph)], terms)
        return outcome.report

    def _outcomes(self, submissions: Iterable[Submission], terms: _Terms) -> Iterator[Outcome]:
        made = self._key(terms)
        waiting = iter(submissions)
        while batch := deque(islice(waiting, _BATCH)):
            keys = [made.of(one.record, one.digest) if made and one.digest else "" for one in batch]
            remembered = self._cache.get_many(set(keys) - {""}) if self._cache and made else {}
            for key in keys:
                submission = batch.popleft()  # what was made of it is let go of with it
                if key in remembered:
                    yield Outcome(submission.record, True, remembered[key])
                    continue
                report = self._judge(submission, terms)
                if self._cache and key:
                    self._cache.put(key, report.model_dump_json())
                yield Outcome(submission.record, False, report)

    def _key(self, terms: _Terms) -> VerdictKey | None:
        """What a verdict depends on besides the description; None where it cannot be told."""
        context = terms.context.digest if terms.context else ""
        if self._cache is None or context is None:
            return None
        parts = (ENGINE_VERSION, self._profiles.digest, self._vocabularies.digest, terms.repository, terms.profiles)
        return VerdictKey(map(repr, (*parts, terms.gate, terms.catalogue, context, self._screen is not None)))

    def _judge(self, submission: Submission, terms: _Terms) -> Report:
        if self._screen is not None:
            try:
                report = self._judge_screened(self._screen, submission, terms)
            except RadiographError:
                raise
            except UnknownConstraint:
                report = None
            except Exception:
                logger.warning("the screen failed on %s; pySHACL judges it alone", submission.record, exc_info=True)
                report = None
            if report is not None:
                return report
        return self._judge_plainly(submission, terms)

    def _judge_screened(self, screen: Screen, submission: Submission, terms: _Terms) -> Report | None:
        """The report, or None where the description cannot be brought into plain dictionaries."""
        sources = [one.statements for one in (submission, terms.context) if one is not None]
        read = [statements for statements in sources if statements is not None]
        if len(read) < len(sources):
            return None
        part = self._slicer.cut(text_of(submission.record), read)
        return self._settle(submission.record, view(part.stated), terms, lambda shapes: screen.run(part, shapes))

    def _judge_plainly(self, submission: Submission, terms: _Terms) -> Report:
        """The report by pySHACL alone: the reference."""
        graphs = [one.graph for one in (submission, terms.context) if one is not None]
        stated = forward_closure(submission.record, *graphs)
        own = _own_nodes(stated, submission.record)
        data = plain_graph()
        for graph in (stated, background(stated, self._vocabularies, described=True)):
            for triple in graph:
                data.add(triple)
        return self._settle(submission.record, stated, terms, lambda shapes: self._engine.run(data, own, shapes))

    def _settle(
        self, record: URIRef, stated: Graph, terms: _Terms, run: Callable[[Iterable[URIRef]], list[Result]]
    ) -> Report:
        """Choose the profiles by what is stated, run their shapes, and report."""
        chosen = self._choose(stated, record, terms)
        if terms.catalogue:
            all_files = {profile.id: profile.shapes.catalogue for profile in chosen}
        else:
            all_files = {profile.id: tuple(profile.dataset_files(stated, record)) for profile in chosen}
        files = _less_replaced(all_files, chosen)
        names = dict.fromkeys(name for profile in chosen for name in files[profile.id])
        shapes = dict.fromkeys(shape for name in names for shape in self._profiles.files[name].targets)
        return self._reporter.report(record, terms.repository, chosen, files, run(shapes))

    def _choose(self, stated: Graph, record: URIRef, terms: _Terms) -> tuple[Profile, ...]:
        named = terms.profiles
        if named is None:
            named = self._profiles.applicable(stated, record, terms.repository)
        return self._profiles.select((*named, terms.gate) if terms.gate else named)


def _less_replaced(files: Mapping[str, tuple[str, ...]], chosen: Iterable[Profile]) -> dict[str, tuple[str, ...]]:
    """The files without those that a profile, judged by as well, has its own in place of."""
    replaced = {name for profile in chosen for name in profile.replaces}
    return {profile: tuple(name for name in names if name not in replaced) for profile, names in files.items()}


def _own_nodes(stated: Graph, record: URIRef) -> set[Node]:
    """The nodes whose description is the user's to mend: not a neighbour that is described by itself."""
    neighbours = {s for kind in BOUNDARIES for s in stated.subjects(RDF.type, kind)} - {record}
    return set(stated.subjects()) - neighbours

"""What a reader is told beside a finding: the profile's name, the words for a property, an example of a right value."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from rdflib import URIRef
from rdflib.term import Node

from core.terms import SH
from shapes.checks import LABEL
from shapes.declarations import Profile
from shapes.examples import Example, Examples
from shapes.profiles import Profiles
from shapes.report import Finding

#: Parameter of a constraint to the component that the recommendation names after it.
_COMPONENTS: dict[Node, URIRef] = {
    SH[name]: SH[f"{name[0].upper()}{name[1:]}ConstraintComponent"]
    for name in (
        *("and", "class", "closed", "datatype", "disjoint", "equals", "hasValue", "in", "languageIn", "lessThan"),
        *("lessThanOrEquals", "maxCount", "maxExclusive", "maxInclusive", "maxLength", "minCount", "minExclusive"),
        *("minInclusive", "minLength", "node", "nodeKind", "not", "or", "pattern", "property", "qualifiedMaxCount"),
        *("qualifiedMinCount", "uniqueLang", "xone"),
    )
}
_COMPONENTS[SH.sparql] = SH.SPARQLConstraintComponent


class Guide:
    """Words and examples for the findings of all declared profiles."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._examples = Examples(profiles)
        self._shapes = {str(rule): file.graph for file in profiles.files.values() for rule in file.constraints}
        self.labels = _property_labels(profiles)

    def profile(self, profile_id: str) -> Profile:
        """The declared profile.

        Raises:
            ProfileError: there is none of this id.
        """
        return self._profiles.get(profile_id)

    def profile_name(self, profile_id: str) -> str:
        """A profile as people say it: its label and release; or the checks that are no profile's."""
        profile = next((profile for profile in self._profiles if profile.id == profile_id), None)
        return f"{profile.label} {profile.release}" if profile is not None else LABEL

    def example(self, finding: Finding) -> Example | None:
        """A right value for what a finding is about; None where the profile's examples have none."""
        return self._examples.find(finding.rule, finding.profile) if finding.rule else None

    def component(self, finding: Finding) -> URIRef:
        """The SHACL constraint component that made the finding; that of queries where no shape did."""
        rule = finding.rule or ""
        told = self._shapes[rule].predicates(URIRef(rule)) if rule in self._shapes else ()
        found = {predicate for predicate in told if predicate in _COMPONENTS}
        if finding.value is not None:
            found -= {SH.minCount}
        demanded = min(found, key=lambda parameter: (parameter != SH.minCount, str(parameter)), default=SH.sparql)
        return _COMPONENTS[demanded]


@lru_cache(maxsize=4)
def guide_for(profiles: Profiles) -> Guide:
    """The guide to these profiles, made once."""
    return Guide(profiles)


def _property_labels(profiles: Profiles) -> dict[str, str]:
    """IRI of each property that a constraint speaks of, and its label; of two equally frequent ones the shorter."""
    names: dict[str, Counter[str]] = {}
    for file in profiles.files.values():
        for shape, path in file.graph.subject_objects(SH.path):
            name = file.graph.value(shape, SH.name)
            if name is not None and isinstance(path, URIRef):
                names.setdefault(str(path), Counter())[str(name)] += 1
    return {path: min(found, key=lambda name: (-found[name], len(name), name)) for path, found in names.items()}

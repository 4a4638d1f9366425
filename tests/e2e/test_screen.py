"""On the real catalogue, the screen and pySHACL alone give the same reports."""

from __future__ import annotations

import pytest
from rdflib import URIRef

from catalogue.ledger import Ledger
from core.canonical import parse_ntriples
from core.settings import Settings
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.submission import Submission
from shapes.validator import Validator
from tests.deployment import Deployment

pytestmark = pytest.mark.idc


@pytest.mark.parametrize("step", [60, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("gate", ["dcat-ap", "healthdcat-ap"])
def test_reports_on_the_catalogue_are_the_same(
    published: Deployment, vocabularies: Vocabularies, gate: str, step: int
) -> None:
    profiles = Profiles.load()
    validators = [Validator(profiles, vocabularies, screened=screened) for screened in (True, False)]
    with Ledger.open(Settings(home=published.home), read_only=True) as ledger:
        release = ledger.current_release()
        assert release is not None
        judged = 0
        for repository in ledger.repositories():
            members = ledger.members(release.number, repository=repository.id)[::step]
            submissions = [Submission(URIRef(one.iri), one.ntriples) for one in members]
            context = parse_ntriples(repository.ntriples)
            screened, plain = (
                [one.report for one in validator.validate_many(submissions, context=context, gate=gate)]
                for validator in validators
            )
            assert screened == plain
            judged += len(screened)
            assert any(report.findings for report in screened)
        assert judged >= release.datasets // step

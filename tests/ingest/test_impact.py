"""Impact is the difference of two full remaps: here both are done, and published, and compared with what it said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from typer.testing import CliRunner

from catalogue.examples import read_folder
from catalogue.ledger import Ledger
from catalogue.links import read_links
from catalogue.publication import publish
from catalogue.search import SearchIndex, SearchRequest
from core.errors import InputError, VocabularyError
from core.identifiers import Identifiers
from core.settings import Settings
from ingest.declaration import RepositoryDeclaration
from ingest.impact import Impact
from ingest.impact_commands import impact_of as impact_of_trees
from ingest.impact_report import ImpactFormat, write_impact
from ingest.locality import judged_alone
from ingest.mapping import describe
from ingest.pipeline import IngestRoom, ingest
from ingest.questions import KeptRecord
from ingest.record import SourceRecord
from ingest.remap import remap
from ingest.sources.table import TableSource
from ingest.table_mapping import TableMapping
from ontology.concept import Match
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies
from radiograph import app
from shapes.profiles import Profiles

pytest.importorskip("pyarrow.parquet")
from ingest.sources.idc import IdcSource
from tests.ingest import changed_trees
from tests.ingest.conftest import DECLARATION, MAPPING, ClinicTable
from tests.ingest.idc_slice import write_index

BASE = "https://catalogue.example.org"
QUERY = """# Anything of the chest wall
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?dataset ?name WHERE {
  ?dataset <https://w3id.org/radiograph/ontology#bodyPart> ?part .
  ?part skos:broader* <https://w3id.org/radiograph/concept/anatomy/78904004> ; skos:prefLabel ?name .
  FILTER (LANG(?name) = "en")
} ORDER BY ?dataset ?name
"""


@dataclass(frozen=True)
class Site:
    """A catalogue made and published with the shipped vocabularies, to be copied."""

    folder: Path
    tree: Path

    def settings(self, home: Path, overlay: Path) -> Settings:
        declared = overlay / "ingest" / "repositories"
        declared.mkdir(parents=True, exist_ok=True)
        (declared / "clinic.toml").write_text(DECLARATION, encoding="utf-8")
        return Settings(base_iri=BASE, home=home, overlay=overlay, _env_file=None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    made = Site(folder, changed_trees.copy(folder / "before"))
    settings = made.settings(folder / "home", made.tree)
    clinic = ClinicTable(folder)
    rows = [
        clinic.row("a", anatomy="Breast", modality="MR", licence="CC BY 4.0"),
        clinic.row("b", anatomy="Lung cancer", modality="CT,PET"),
        clinic.row("c", anatomy="Chest", modality="CT", download=""),
        clinic.row("d", anatomy="Liver", modality="Zonography"),
    ]
    with IngestRoom.open(settings) as room:
        ingest(IdcSource(write_index(folder), room.harmoniser), RepositoryDeclaration.load("idc"), room)
        table = TableSource(clinic.write(*rows), "clinic", TableMapping.parse(MAPPING, "clinic.toml"))
        ingest(table, RepositoryDeclaration.load("clinic", made.tree), room)
        publish(settings, room.vocabularies)
    (folder / "queries").mkdir()
    (folder / "queries" / "chest.rq").write_text(QUERY, encoding="utf-8")
    return made


def impact_of(site: Site, after: Path, before: Path | None = None) -> Impact:
    settings = site.settings(site.folder / "home", site.tree)
    return impact_of_trees(before or site.tree, after, settings, site.folder / "queries")


def state(settings: Settings) -> dict[str, Any]:
    """Everything that impact speaks of, read from the ledger and its release."""
    with Ledger.open(settings, read_only=True) as ledger:
        release = ledger.current_release()
        assert release is not None
        members = {one.iri: (one.ntriples, one.conforms_to) for one in ledger.each_member(release.number)}
        reports = {iri: json.loads(ledger.report(iri) or "{}") for iri in members}
    facets = SearchIndex.open(release.path / "search").search(SearchRequest()).facets
    store = pyoxigraph.Store.read_only(str(release.path / "store"))
    found = store.query(QUERY, use_default_graph_as_union=True)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    return {
        "members": members,
        "facets": {(name, one.iri or one.key): (one.label, one.count) for name in facets for one in facets[name]},
        "links": set(read_links(release.path / "links.ndjson")),
        "findings": {
            iri: {(f["profile"], f["path"], f["message"], f.get("value")) for f in report["findings"]}
            for iri, report in reports.items()
        },
        "answers": sorted("; ".join(f"{v} {row[v].value}" for v in ("dataset", "name")) for row in found),
    }


@pytest.mark.parametrize("edit", changed_trees.EDITS, ids=lambda edit: edit.__name__)
def test_impact_is_the_difference_of_two_remaps(site: Site, edit: Callable[[Path], None], tmp_path: Path) -> None:
    after = changed_trees.copy(tmp_path / "after")
    edit(after)
    told = impact_of(site, after)
    shutil.copytree(site.folder / "home", tmp_path / "home")
    settings = site.settings(tmp_path / "home", after)
    remap(settings)
    publish(settings, Vocabularies.load(after))
    old, new = state(site.settings(site.folder / "home", site.tree)), state(settings)

    assert {one.iri for one in told.changed} == {
        iri for iri in new["members"] if old["members"].get(iri) != new["members"][iri]
    }
    for one in told.changed:
        assert one.stood[1] is not None
        assert (one.stood[1].ntriples, one.stood[1].conforms_to) == new["members"][one.iri]
    differing = {
        key: tuple(side["facets"].get(key, ("", 0))[1] for side in (old, new))
        for key in old["facets"].keys() | new["facets"].keys()
        if old["facets"].get(key) != new["facets"].get(key)
    }
    assert {(one.facet, one.value): one.counts for one in told.facets} == differing
    assert (set(told.links[0]), set(told.links[1])) == (old["links"] - new["links"], new["links"] - old["links"])
    for iri in new["members"]:
        judged = next((one for one in told.judged_otherwise if one.iri == iri), None)
        gone, come = (
            {(f.profile, f.path, f.message, f.value) for f in side} if judged else set()
            for side in (
                judged.sides[0].findings - judged.sides[1].findings if judged and judged.sides else (),
                judged.sides[1].findings - judged.sides[0].findings if judged and judged.sides else (),
            )
        )
        assert gone == old["findings"][iri] - new["findings"][iri]
        assert come == new["findings"][iri] - old["findings"][iri]
    rows = [(list(one.gone), list(one.come)) for one in told.queries] or [([], [])]
    assert rows == [
        (
            [row for row in old["answers"] if row not in new["answers"]],
            [row for row in new["answers"] if row not in old["answers"]],
        )
    ]
    assert told.anything


def test_a_remap_with_the_same_vocabularies_changes_nothing(site: Site, tmp_path: Path) -> None:
    shutil.copytree(site.folder / "home", tmp_path / "home")
    settings = site.settings(tmp_path / "home", site.tree)
    with Ledger.open(settings, read_only=True) as ledger:
        events = ledger.events()
    reports = remap(settings)
    with Ledger.open(settings, read_only=True) as ledger:
        assert ledger.events() == events
    outcomes = {report.repository: report.outcomes for report in reports}
    assert all(counts["created"] == counts["updated"] == counts["deleted"] == 0 for counts in outcomes.values())
    assert outcomes["idc"]["unchanged"] == 6


def test_equal_trees_have_no_impact(site: Site) -> None:
    assert not impact_of(site, site.tree).anything


def test_the_same_bytes_twice_in_every_format(site: Site, tmp_path: Path) -> None:
    after = changed_trees.copy(tmp_path / "after")
    changed_trees.split(after)
    first, second = impact_of(site, after), impact_of(site, after)
    for form in ImpactFormat:
        assert write_impact(first, form) == write_impact(second, form)
        assert "Left breast alone" in write_impact(first, form)
    assert json.loads(write_impact(first, ImpactFormat.JSON))["facets"]["body_part"]


def test_the_commands(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = changed_trees.copy(tmp_path / "after")
    changed_trees.move(after)
    shutil.copytree(site.folder / "home", tmp_path / "home")
    site.settings(tmp_path / "home", after)
    for name, value in (("HOME", tmp_path / "home"), ("OVERLAY", after), ("BASE_IRI", BASE)):
        monkeypatch.setenv(f"RADIOGRAPH_{name}", str(value))
    run = CliRunner().invoke
    found = run(app, ["ontology", "impact", str(site.tree), str(after), "--format", "json"])
    assert found.exit_code == 1 and json.loads(found.stdout)["summary"]["facet values change"]
    assert run(app, ["ontology", "impact", str(after), str(after)]).exit_code == 0
    assert isinstance(run(app, ["ontology", "impact", str(tmp_path / "none")]).exception, VocabularyError)
    dry = run(app, ["remap", "--repository", "clinic", "--dry-run", "--json"])
    assert dry.exit_code in (0, 1) and [report["repository"] for report in json.loads(dry.stdout)] == ["clinic"]


def test_a_broken_tree_or_query_is_told(site: Site, tmp_path: Path) -> None:
    after = changed_trees.copy(tmp_path / "after")
    (after / "ontology" / "concepts" / "sex.ttl").write_text("no Turtle", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"is not Turtle"):
        impact_of(site, after)
    with pytest.raises(InputError, match="no folder"):
        read_folder(tmp_path / "none")


class _Listening(Harmoniser):
    """Notes what it is asked."""

    heard: set[tuple[str, str]]

    def match(self, text: str, scheme: str, *, repository: str | None = None) -> Match:
        self.heard.add((text, scheme))
        return super().match(text, scheme, repository=repository)


def test_a_description_asks_no_question_that_impact_does_not_know(site: Site, vocabularies: Vocabularies) -> None:
    listening = _Listening(vocabularies, ())
    settings = site.settings(site.folder / "home", site.tree)
    heard = 0
    with Ledger.open(settings, read_only=True) as ledger:
        for name in ("idc", "clinic"):
            declaration = RepositoryDeclaration.load(name, site.tree)
            for _, text in ledger.source_records(name):
                record = SourceRecord.model_validate_json(text).model_copy(update={"languages": ("en-GB", "ENG")})
                listening.heard = set()
                describe(record, declaration, listening, vocabularies, Identifiers(BASE))
                kept = KeptRecord.read("", record.model_dump_json(), declaration)
                assert kept is not None
                assert listening.heard <= kept.asked().questions
                heard += len(listening.heard)
    assert heard > 50


@pytest.mark.parametrize(
    "constraint",
    [
        "shape:x sh:path radiograph:bodyPart ; sh:disjoint radiograph:condition .",
        "shape:x sh:path ( radiograph:statedValue radiograph:rule ) ; sh:maxCount 3 .",
        "shape:radiograph-dataset sh:or ( shape:x shape:y ) . shape:x sh:path radiograph:condition ; sh:minCount 1 .",
        "shape:radiograph-dataset sh:closed true .",
        "shape:radiograph-dataset sh:sparql shape:query .",
        "shape:other sh:targetObjectsOf radiograph:bodyPart .",
    ],
)
def test_concepts_are_judged_by_themselves_only_where_no_constraint_looks_further(constraint: str) -> None:
    profiles = Profiles.load()
    assert judged_alone(profiles)
    file = profiles.files["radiograph/dataset.ttl"]
    file.graph.parse(
        data="@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix shape: <https://w3id.org/radiograph/shapes#> . "
        f"@prefix radiograph: <https://w3id.org/radiograph/ontology#> . {constraint}",
        format="turtle",
    )
    assert not judged_alone(profiles)


def test_most_changes_are_told_without_deriving_anything(site: Site, tmp_path: Path) -> None:
    after = changed_trees.copy(tmp_path / "after")
    changed_trees.deprecate(after)
    told = impact_of(site, after)
    assert told.touched > 0 and told.derived == 0


@pytest.mark.parametrize("edit", [changed_trees.deprecate, changed_trees.add_synonym], ids=lambda edit: edit.__name__)
def test_a_catalogue_made_with_neither_tree_tells_the_same(
    site: Site, edit: Callable[[Path], None], tmp_path: Path
) -> None:
    after = changed_trees.copy(tmp_path / "after")
    edit(after)
    there, back = impact_of(site, after), impact_of(site, site.tree, after)
    assert {one.iri: one.stood for one in there.changed} == {one.iri: one.stood[::-1] for one in back.changed}
    assert {(one.facet, one.value): one.counts for one in there.facets} == {
        (one.facet, one.value): one.counts[::-1] for one in back.facets
    }
    assert [(one.gone, one.come) for one in there.queries] == [(one.come, one.gone) for one in back.queries]

"""Questions 12 to 16 of portal integrators, and what else is offered, on the real catalogue; worked out as well.

As in :mod:`tests.e2e.test_questions`, what is expected comes from the source tables, or for what the catalogue says of
its own work from the ledger, read as a plain SQLite file.
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections import Counter

import httpx
import pytest

from catalogue.examples import examples
from tests.deployment import Deployment, Server
from tests.e2e.asking import DATASET, ask, example, is_idc, local
from tests.e2e.idc_tables import (
    ANNOTATION_MODALITIES,
    analyses,
    annotations_of,
    collections,
    rows,
    series,
    with_part,
)
from tests.e2e.test_concept_questions import CHEST

pytestmark = pytest.mark.idc

#: First words of a Manufacturer value, in lower case, to the maker: by hand, from the distinct values of the index.
MAKERS = {
    "ge": "GE",
    "siemens": "Siemens",
    "philips": "Philips",
    "toshiba": "Canon",
    "canon": "Canon",
    "hitachi": "Hitachi",
    "hologic": "Hologic",
}
#: DOIs under which archives keep data, not papers.
ARCHIVES = ("10.7937/", "10.5281/", "10.25493/", "10.48366/", "10.6084/")


def test_datasets_with_three_or_more_scanner_vendors(server: Server) -> None:
    """Where three great makers appear by name it must be answered, and none with fewer than three strings may be."""
    found = ask(server, example("12-many-vendors"))
    answered = {local(row["dataset"]) for row in found if is_idc(row["dataset"])}
    makers: dict[str, set[str]] = {}
    strings: dict[str, set[str]] = {}
    for row in series():
        if row["Modality"] in ANNOTATION_MODALITIES or not row["Manufacturer"]:
            continue
        name = row["Manufacturer"].strip().lower()
        strings.setdefault(row["collection_id"], set()).add(name)
        maker = MAKERS.get(name.replace("-", " ").split()[0] if name.split() else "")
        if maker:
            makers.setdefault(row["collection_id"], set()).add(maker)
    sure = {collection for collection, names in makers.items() if len(names) >= 3}
    possible = {collection for collection, names in strings.items() if len(names) >= 3}
    assert sure
    assert sure <= answered
    assert answered & set(collections()) <= possible


def test_the_colon_or_any_part_of_it(server: Server) -> None:
    answered = {local(row["dataset"]) for row in ask(server, example("13-colon")) if is_idc(row["dataset"])}
    assert answered == with_part("colon")
    assert len(answered) > 5


def test_records_that_fail_mandatory_fields_by_publisher(server: Server, published: Deployment) -> None:
    """Against the reports that the ledger keeps."""
    publishers = {
        row["d"].split("/")[-2]: row["name"]
        for row in ask(
            server,
            "SELECT DISTINCT ?d ?name { ?d <http://purl.org/dc/terms/publisher>/<http://xmlns.com/foaf/0.1/name> ?name"
            " . FILTER (CONTAINS(STR(?d), '/dataset/')) }",
        )
    }
    expected: Counter[tuple[str, str, str]] = Counter()
    with sqlite3.connect(f"file:{published.home / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        kept = "FROM revision r JOIN description d ON r.description = d.id"
        for repository, report in ledger.execute(f"SELECT d.repository, r.report {kept} WHERE r.upcoming"):
            findings = json.loads(zlib.decompress(report))["findings"]
            failing = {(f["profile"], f["message"]) for f in findings if f["severity"] == "violation" or f["relaxed"]}
            expected.update((publishers[repository], *one) for one in failing)
        held_back = dict(
            ledger.execute(f"SELECT d.repository, count(*) {kept} WHERE r.state = 'rejected' GROUP BY d.repository")
        )
    found = ask(server, example("14-failing-mandatory-fields"))
    fields = [row for row in found if "field" in row]
    assert {(row["publisher"], row["profile"], row["what"]): int(row["records"]) for row in fields} == expected
    assert Counter({row["publisher"]: int(row["records"]) for row in found if "field" not in row}) == Counter(
        {publishers[repository]: count for repository, count in held_back.items()}
    )
    assert expected


@pytest.mark.parametrize("since", ["2025-10-01", "2023-01-01"])
def test_what_changed_since_a_date_with_where_it_comes_from(server: Server, since: str) -> None:
    found = ask(server, example("15-changed-since", since=f'"{since}"^^xsd:date'))
    answered = {local(row["dataset"]): row for row in found if is_idc(row["dataset"])}
    updated = {name: str(row["updated"] or "")[:10] for name, row in (collections() | analyses()).items()}
    assert {name for name, day in updated.items() if day >= since} <= set(answered)
    versions = {str(row["version_timestamp"])[:10] for row in rows("version_metadata_index")}
    for name, row in answered.items():
        assert row["modified"] >= since
        assert row["modified"] in {updated[name], *versions}
        assert row["primarySource"].startswith("https://") and row["takenIn"] > row["modified"]


def test_publications_that_cite_a_dataset_or_what_was_made_from_it(server: Server) -> None:
    doi, collection = "10.7937/k9/tcia.2016.v6pbvtdr", "tcga_kirc"
    assert doi in {(source["source_doi"] or "").lower() for source in collections()[collection]["sources"]}
    holders = {(source["source_doi"] or "").lower() for row in collections().values() for source in row["sources"]}
    expected = set()
    for name in (collection, *annotations_of()[collection]):
        texts = _texts(name)
        for text in re.findall(r"10\.\d{4,9}/[^\s\"'<>&]+", texts):
            cited = text.lower().rstrip(".,;:)]")
            if cited not in holders and not cited.startswith(ARCHIVES):
                expected.add((f"https://doi.org/{cited}", name))
    found = ask(server, example("16-citing-publications", doi=f'"{doi}"'))
    assert {(row["publication"], local(row["cites"])) for row in found} == expected
    assert expected


def _texts(name: str) -> str:
    row = collections().get(name) or analyses()[name]
    own = [source for source in row.get("sources", ()) if source["source_type"] == "original_data"] or [row]
    return " ".join([row["description"] or "", *(one.get("citation") or "" for one in own)])


def test_the_words_without_a_concept_are_those_of_the_descriptions(server: Server) -> None:
    """``Various`` names no body part; the collections that say so are those of the table, and analyses have none."""
    found = ask(server, example("21-words-without-a-concept"))
    told = {(row["facet"], row["text"]): int(row["datasets"]) for row in found}
    tables = Counter(term.strip() for row in collections().values() for term in row["cancer_types"].split(","))
    assert told["condition", "Various"] >= tables["Various"] > 0
    assert not any(text == "Lung Cancer" for _, text in told)


def test_the_series_of_the_chest_by_sex(server: Server) -> None:
    names = {"M": "Male", "F": "Female"}
    expected: Counter[tuple[str, str]] = Counter()
    for row in rows("idc_index", "collection_id", "analysis_result_id", "Modality", "BodyPartExamined", "PatientSex"):
        part, sex = (row["BodyPartExamined"] or "").strip().lower(), names.get(row["PatientSex"] or "")
        if row["Modality"] == "CT" and part in CHEST and sex:
            for owner in {row["collection_id"], row["analysis_result_id"]} - {None}:
                expected[owner, sex] += row["count"]
    found = ask(server, example("22-series-by-sex"))
    answered = {(local(row["dataset"]), row["sex"]): int(row["series"]) for row in found if is_idc(row["dataset"])}
    assert {key: count for key, count in answered.items() if key[1] in names.values()} == expected


def test_the_graph_of_links_has_every_accepted_link(server: Server, published: Deployment) -> None:
    lines = (published.home / "releases" / "1" / "links.ndjson").read_text(encoding="utf-8").splitlines()
    accepted = [link for link in map(json.loads, lines) if link["state"] == "accepted"]
    answer = httpx.get(
        f"{server.url}/sparql",
        params={"query": example("23-why-records-are-linked")},
        headers={"Accept": "application/n-triples"},
    )
    direct = {tuple(line.split(" ")[:3]) for line in answer.text.splitlines() if line.startswith(f"<{DATASET}")}
    assert accepted
    expected = {tuple(f"<{link[key]}>" for key in ("subject", "kind", "object")) for link in accepted}
    assert {one for one in expected if one[0].startswith(f"<{DATASET}")} == direct


def test_the_release_tells_of_every_example(server: Server) -> None:
    query = """
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX schema: <https://schema.org/>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT ?label ?text ?question ?target WHERE {
          GRAPH <http://127.0.0.1:8000/graph/queries> {
            ?example a sh:SPARQLExecutable ; rdfs:label ?label ; schema:target ?target ;
              sh:select|sh:construct|sh:ask ?text .
            OPTIONAL { ?example schema:position ?question }
          }
        }"""
    found = ask(server, query)
    assert {(row["label"], row["text"]) for row in found} == {(one.title, one.query) for one in examples()}
    assert {int(row["question"]) for row in found if "question" in row} == set(range(1, 21))
    assert {row["target"] for row in found} == {"http://127.0.0.1:8000/sparql"}

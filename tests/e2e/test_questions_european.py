"""All questions of portal integrators on the synthetic European example, loaded as its README says.

The real input answers thirteen of them (:mod:`tests.e2e.test_questions`); what it cannot say is asked here, and what it
can is asked of a second catalogue. Expectations come from the cells of the forms.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import radiograph
from catalogue.examples import examples
from tests.deployment import ROOT, Deployment, Server, serving
from tests.e2e.asking import ask, example
from tests.e2e.european import FOLDER, GOOD, SHORT, Record, called, images, records

MR, CT, PET = "Magnetic resonance imaging", "Computed tomography", "Positron emission tomography"
MODALITY = "eucaim:hasImageModality"
PUBLISHER, CUSTODIAN = "dct:publisher/foaf:name@en", "geodcatap:custodian/foaf:name@en"
COUNTRY = "http://publications.europa.eu/resource/authority/country/"
COUNTRIES = {"Spain": "ESP", "Greece": "GRC", "Netherlands": "NLD", "Poland": "POL"}
DOI = "adms:identifier/skos:notation"
SHARED = "10.5072/synthetic.prostate-mr"


def commands() -> list[str]:
    """The commands of the README, in order."""
    return re.findall(r"^\$ (.+)$", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def settings(lines: list[str]) -> dict[str, str]:
    """What the README exports."""
    words = [word for line in lines if line.startswith("export ") for word in shlex.split(line)[1:]]
    return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, so that nothing is written into the checkout."""
    return Path(shutil.copytree(FOLDER, tmp_path_factory.mktemp("european") / "european"))


@pytest.fixture(scope="module")
def european(folder: Path) -> Iterator[Server]:
    """The service on the example, loaded by the commands of the README in one process."""
    load = [line for line in commands() if line.startswith(("radiograph ingest", "radiograph publish"))]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in [name for name in os.environ if name.startswith("RADIOGRAPH_")]:
            patch.delenv(name)
        for name, value in settings(commands()).items():
            patch.setenv(name, value)
        for line in load:
            command, _, condition = line.partition(" || ")
            done = CliRunner().invoke(radiograph.app, shlex.split(command)[1:])
            assert done.exit_code == (1 if condition else 0), f"{line}: {done.output}"
    with serving(Deployment(folder / settings(commands())["RADIOGRAPH_HOME"]), folder.parent / "log") as running:
        yield running


@pytest.mark.slow
def test_the_readme_can_be_taken_literally(folder: Path) -> None:
    program = folder.parent / "bin" / "radiograph"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "radiograph.py"}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
    environment = kept | {"PATH": f"{program.parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    elsewhere = shutil.copytree(FOLDER, folder.parent / "literally")
    script = "set -e\n" + "\n".join(commands())
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    good = [record for record in records() if record.repository in GOOD]
    assert f"{len(good)} records: 0 violations to mend, 0 recommendations" in done.stdout
    assert f"release 1: {len(records())} datasets" in done.stdout


def asked(server: Server, name: str, *columns: str, **values: str) -> set[Any]:
    """The distinct answers in some columns; in one column alone they are texts."""
    rows = ask(server, example(name, **values))
    return {row[columns[0]] if len(columns) == 1 else tuple(row.get(one, "") for one in columns) for row in rows}


def iris(found: list[Record]) -> set[str]:
    return {record.iri for record in found}


def test_the_descriptions_pass_eucaim_without_a_finding(european: Server) -> None:
    """By the measurements in the release: no violation and no warning under the profile, one of each a dataset."""
    query = """
        PREFIX dct: <http://purl.org/dc/terms/>
        PREFIX dqv: <http://www.w3.org/ns/dqv#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?dataset ?metric ?value WHERE {
          ?measurement dqv:computedOn ?dataset ; dqv:isMeasurementOf ?metric ; dqv:value ?value .
          ?metric dct:isPartOf/rdfs:label "eucaim" .
        }"""
    good = iris([record for record in records() if record.repository in GOOD])
    rows = [row for row in ask(european, query) if row["dataset"] in good]
    kinds = ("violations", "warnings")
    assert {(row["dataset"], row["metric"].partition("#")[2]) for row in rows} == {
        (iri, f"{kind}-eucaim") for iri in good for kind in kinds
    }
    assert {row["value"] for row in rows} == {"0"}


def test_everything_says_that_it_is_synthetic(european: Server) -> None:
    query = """
        PREFIX dcat: <http://www.w3.org/ns/dcat#>
        PREFIX dct: <http://purl.org/dc/terms/>
        SELECT ?thing ?title ?kind WHERE {
          ?thing a ?class ; dct:title ?title . FILTER (?class IN (dcat:Dataset, dcat:Catalog))
          OPTIONAL { ?thing dct:type ?kind FILTER (?kind = <https://w3id.org/dpv#SyntheticData>) }
        }"""
    found = ask(european, query)
    assert all(row["title"].startswith("Synthetic") for row in found)
    assert {row["thing"] for row in found} >= iris(list(records()))
    assert {row["thing"] for row in found if "kind" in row} == iris([r for r in records() if r.repository in GOOD])


def test_the_demo_does_not_load_it() -> None:
    assert "european" not in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_breast_mr_and_the_sets_derived_from_it(european: Server) -> None:
    breast = [r for r in images() if r.has(MODALITY, MR) and r.has("eucaim:hasImageBodyPart", "Breast")]
    sets = {
        (one.iri, derived.iri)
        for one in breast
        for derived in records()
        if one.number > 500 and one.identifier in derived.all("prov:wasDerivedFrom")
    }
    assert sets and asked(european, "01-breast-mr", "dataset", "annotations") == sets


def test_both_records_of_a_doi_with_the_evidence_of_their_link(european: Server) -> None:
    two = [record for record in records() if record.one(DOI) == SHARED]
    rows = ask(european, example("02-records-of-a-doi", doi=f'"{SHARED.upper()}"'))
    assert {row["dataset"] for row in rows} == iris(two) and len(two) == 2
    same = [row for row in rows if row["kind"].endswith("#sameDatasetAs")]
    assert len(same) == 2
    assert all(SHARED in row["evidence"] and row["method"] == "shared-doi" for row in same)


def test_what_was_derived_indirectly(european: Server) -> None:
    source = called("glioma-children").iri.rpartition("/")[2]
    found = asked(european, "03-derived-annotations", "annotations", "direct", collection=f'"{source}"')
    assert found == {(called("glioma-outlines").iri, "true"), (called("glioma-features").iri, "false")}


def test_licences_that_differ(european: Server) -> None:
    licence = "dcat:distribution/dct:license"
    expected = {
        (derived.iri, source.iri)
        for derived in records()
        for source in records()
        if source.identifier in derived.all("prov:wasDerivedFrom") and source.one(licence) != derived.one(licence)
    }
    assert expected and asked(european, "04-licence-differs", "derived", "source") == expected


def test_lung_ct_for_commercial_use(european: Server) -> None:
    assert asked(european, "05-lung-ct-commercial", "dataset", "licences") == {(called("lung-ct").iri, "CC0-1.0")}


def test_the_same_subjects_are_not_counted_twice(european: Server) -> None:
    most: dict[str, int] = {}
    for record in images():
        if record.has("eucaim:hasCondition", "Malignant neoplasm of prostate"):
            most[record.one(DOI)] = max(most.get(record.one(DOI), 0), record.number)
    total = str(sum(most.values()))
    assert asked(european, "06-prostate-subjects", "datasets", "atLeast", "atMost") == {(str(len(most)), total, total)}


def test_open_download_and_access_on_request(european: Server) -> None:
    expected = set()
    for record in records():
        ways: dict[str, set[str]] = {}
        for one in records():
            if one.one(DOI) and one.one(DOI) == record.one(DOI):
                for rights, address in one.ways().items():
                    ways.setdefault("open" if rights == "Download access" else "closed", set()).add(address)
        expected |= {
            (record.iri, *pair) for a in ways.get("open", ()) for b in ways.get("closed", ()) for pair in [(a, b)]
        }
    assert len(expected) == 3, "one dataset has both ways, two records of another have one each"
    assert asked(european, "07-download-and-negotiated", "dataset", "download", "negotiator") == expected


def test_prostate_zones(european: Server) -> None:
    expected = {(called("prostate-mr").iri, called("prostate-zones").iri)}
    assert asked(european, "08-prostate-zones", "dataset", "segmentations") == expected


def test_tier_two_or_higher_in_spain_or_greece(european: Server) -> None:
    tier = "eucaim:interoperabilityLevel"
    expected = {
        (record.iri, record.one(tier), COUNTRY + COUNTRIES[record.one("dct:spatial")])
        for record in records()
        if record.one("dct:spatial") in ("Spain", "Greece") and record.one(tier) in ("Tier 2", "Tier 3")
    }
    assert len(expected) == 6
    assert asked(european, "09-tier-two-in-spain-or-greece", "dataset", "tier", "country") == expected


def test_datasets_subjects_and_modalities_by_country(european: Server) -> None:
    codes = {MR: "MR", CT: "CT", PET: "PT"}
    rows = ask(european, example("10-by-country"))
    answered = {
        row["country"]: (int(row["datasets"]), int(row["subjects"]), set(row["modalities"].split(", "))) for row in rows
    }
    expected = {}
    for country, code in COUNTRIES.items():
        there = [record for record in images() if record.one("dct:spatial") == country]
        modalities = {codes[text.partition(" (")[0]] for record in there for text in record.all(MODALITY)}
        expected[COUNTRY + code] = (len(there), sum(record.number for record in there), modalities)
    assert answered == expected


def test_pet_ct_of_lymphoma_after_2015(european: Server) -> None:
    start = "dct:temporal/dcat:startDate"
    lymphoma = [r for r in images() if r.has("eucaim:hasCondition", "Malignant lymphoma") and r.has(MODALITY, PET)]
    assert len(lymphoma) == 2
    late = {(r.iri, r.one(start)) for r in lymphoma if r.one(start) > "2015-12-31"}
    assert late and asked(european, "11-pet-ct-lymphoma", "dataset", "start") == late


def test_three_or_more_vendors(european: Server) -> None:
    expected = {
        (record.iri, str(len(makers)))
        for record in images()
        if len(makers := record.all("eucaim:hasEquipmentManufacturer")) >= 3
    }
    assert expected and asked(european, "12-many-vendors", "dataset", "vendors") == expected


def test_the_colon(european: Server) -> None:
    expected = iris([r for r in records() if r.has("eucaim:hasImageBodyPart", "Colon")])
    assert expected and asked(european, "13-colon", "dataset") == expected


def test_who_fails_mandatory_fields_and_how_many_records_were_held_back(european: Server) -> None:
    rows = ask(european, example("14-failing-mandatory-fields"))
    short = [record for record in records() if record.repository == SHORT]
    assert {row["publisher"] for row in rows} == {record.one(PUBLISHER) for record in short}
    failed = {(row["profile"], row["field"]): int(row["records"]) for row in rows if "field" in row}
    assert failed["eucaim", "Cancer condition"] == len(short), "neither row has the column"
    without = [record for record in short if not record.one("eucaim:hasImageModality")]
    assert failed["eucaim", "Image modality"] == len(without) == 1
    assert [int(row["records"]) for row in rows if "field" not in row] == [1]
    assert not ask(european, 'SELECT * { ?s ?p ?o FILTER (CONTAINS(STR(?s), "bone-xr")) }'), "it is not named"


def test_what_changed_since_a_date(european: Server) -> None:
    expected = {
        (record.iri, record.one("dct:modified"), record.one(PUBLISHER))
        for record in records()
        if record.one("dct:modified") >= "2025-10-01"
    }
    assert expected and asked(european, "15-changed-since", "dataset", "modified", "publisher") == expected


def test_publications_that_cite_a_dataset_its_copy_or_a_set_made_from_it(european: Server) -> None:
    names = ("prostate-mr", "prostate-mr-open", "prostate-zones")
    expected = {(url, called(name).iri) for name in names for url in called(name).all("dct:isReferencedBy")}
    assert asked(european, "16-citing-publications", "publication", "cites", doi=f'"{SHARED}"') == expected


def test_datasets_by_custodian_across_repositories(european: Server) -> None:
    held = Counter(record.one(CUSTODIAN) for record in records() if record.one(CUSTODIAN))
    places = {name: {r.repository for r in records() if r.one(CUSTODIAN) == name} for name in held}
    expected = {(name, str(count), str(len(places[name]))) for name, count in held.items()}
    assert max(len(found) for found in places.values()) > 1
    assert asked(european, "17-by-custodian", "custodian", "datasets", "repositories") == expected


def test_disease_specific_but_not_commercial(european: Server) -> None:
    allowing = ("DISEASE_SPECIFIC_RESEARCH", "HEALTH_MEDICAL_BIOMEDICAL_RESEARCH", "GENERAL_RESEARCH_USE")
    limiting = ("NON_COMMERCIAL_USE_ONLY", "NOT_FOR_PROFIT_NON_COMMERCIAL_USE_ONLY")
    expected = set()
    for record in records():
        stated = {text.partition("#")[2] for text in record.all("dct:rights")}
        if stated & set(allowing) and stated & set(limiting):
            expected.add(record.iri)
    assert len(expected) == 4
    assert asked(european, "18-disease-specific-not-commercial", "dataset") == expected


def test_brain_tumours_including_children(european: Server) -> None:
    age = "healthdcatap:minTypicalAge"
    brains = [record for record in images() if record.has("eucaim:hasCondition", "Malignant neoplasm of brain")]
    expected = {(record.iri, record.one(age)) for record in brains if int(record.one(age)) < 18}
    assert expected and len(brains) > len(expected)
    assert asked(european, "19-brain-tumours-in-children", "dataset", "youngest") == expected


def test_values_in_which_linked_records_differ_with_the_source_of_each(european: Server) -> None:
    one, other = sorted((record for record in records() if record.one(DOI) == SHARED), key=lambda record: record.iri)
    columns = {
        "https://w3id.org/radiograph/ontology#subjectCount": "healthdcatap:numberOfUniqueIndividuals",
        "https://w3id.org/radiograph/ontology#studyCount": "healthdcatap:numberOfRecords",
        "http://healthdataportal.eu/ns/health#minTypicalAge": "healthdcatap:minTypicalAge",
        "http://healthdataportal.eu/ns/health#maxTypicalAge": "healthdcatap:maxTypicalAge",
        "http://www.w3.org/ns/dcat#version": "dcat:version",
        "http://purl.org/dc/terms/accessRights": "dct:accessRights",
    }
    codes = {"Restricted": "RESTRICTED", "Public": "PUBLIC"}
    rows = ask(european, example("20-conflicting-values"))
    for row in rows:
        assert (row["one"], row["other"]) == (one.iri, other.iri)
        assert (row["source"], row["otherSource"]) == (one.one(PUBLISHER), other.one(PUBLISHER))
        assert row["record"] == one.iri.replace("/dataset/", "/record/")
        assert row["otherRecord"] == other.iri.replace("/dataset/", "/record/")
    answered = {row["property"]: (row["value"], row["otherValue"]) for row in rows}
    differing = {
        iri: (one.one(name), other.one(name)) for iri, name in columns.items() if one.one(name) != other.one(name)
    }
    right = "http://publications.europa.eu/resource/authority/access-right/"
    name = "http://purl.org/dc/terms/accessRights"
    mine, theirs = differing[name]
    differing[name] = (right + codes[mine], right + codes[theirs])
    assert answered == differing


def test_every_question_finds_something_here_or_in_the_real_catalogue(european: Server) -> None:
    """Those that name their data find it in the example; the numbers of the questions are complete."""
    assert sorted(one.question for one in examples() if one.question) == list(range(1, 21))
    needing = [one for one in examples() if one.data]
    assert {one.question for one in needing} == {7, 9, 10, 11, 17, 18, 19, 20}
    for one in needing:
        assert ask(european, one.query), one.name

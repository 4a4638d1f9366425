from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic

from core.errors import InputError
from core.terms import CV, DCAT, DCATAP, DCT, FOAF, HEALTHDCATAP, RDF, XSD
from ingest.forms import FormReader, filled_form
from ontology.vocabulary import Vocabularies
from shapes.document import Document, Position
from shapes.documents import Judgement, judge
from shapes.forms.definition import FormMaker
from shapes.forms.field import Form
from shapes.forms.layout import Layout
from shapes.forms.table import guidance
from shapes.profiles import Profiles
from shapes.report import Finding
from shapes.validator import Validator
from tests.ingest.filled import as_csv, as_xlsx, complete
from tests.shapes.differences import differences, unexcused
from tests.shapes.oracle import Oracle, as_judged, dcat_ap, healthdcat_ap

#: Every shipped profile, and where it has them its access levels.
LEVELS = [
    ("dcat-ap", None),
    ("healthdcat-ap", "public"),
    ("healthdcat-ap", "restricted"),
    ("healthdcat-ap", "non-public"),
    ("healthdcat-ap-7", None),
    ("eucaim", None),
    ("eucaim", "restricted"),
    ("eucaim", "non-public"),
    ("radiograph", None),
]
MINIMAL = "dct:identifier,dct:title@en,dct:description@en"


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load()


@pytest.fixture(scope="session")
def maker(profiles: Profiles, vocabularies: Vocabularies) -> FormMaker:
    return FormMaker(profiles, vocabularies, Layout.load())


@pytest.fixture(scope="session")
def reader(profiles: Profiles, vocabularies: Vocabularies) -> FormReader:
    return FormReader(profiles, vocabularies, Layout.load())


@pytest.fixture(scope="session")
def validator(profiles: Profiles, vocabularies: Vocabularies) -> Validator:
    return Validator(profiles, vocabularies)


@pytest.fixture(scope="session")
def eucaim(maker: FormMaker) -> Form:
    return maker.form("eucaim")


def read(reader: FormReader, data: bytes, name: str = "form.csv") -> Document:
    document = reader.document(Path(name), data)
    assert document is not None
    return document


def places(judgement: Judgement) -> dict[Finding, Position]:
    return {finding: place for one in judgement.judged for finding, place in one.positions.items()}


def only(graph: Graph, predicate: URIRef) -> object:
    (value,) = {o for s, o in graph.subject_objects(predicate) if "#" not in str(s)}
    return value


@pytest.mark.parametrize(("profile", "level"), LEVELS)
def test_a_filled_form_meets_its_profile(
    maker: FormMaker, reader: FormReader, validator: Validator, profile: str, level: str | None
) -> None:
    form = maker.form(profile, maker.level(profile, level) if level else None)
    for data in (as_xlsx(form, [complete(form)]), as_csv(form, [complete(form)], delimiter=";")):
        document = read(reader, data)
        assert document.remarks == ()
        judgement = judge(document, validator)
        assert [(f.severity, f.path, f.message) for f in judgement.findings] == []
        assert profile in {verdict.profile for verdict in judgement.judged[0].report.verdicts}


def test_every_profile_has_its_form(profiles: Profiles) -> None:
    assert {profile.id for profile in profiles} == {profile for profile, _ in LEVELS}


def test_workbook_and_csv_say_the_same(eucaim: Form, reader: FormReader) -> None:
    row = complete(eucaim, **{"dct:title@en": "Not the title of the example"})
    graphs = [
        read(reader, as_xlsx(eucaim, [row])).graph,
        read(reader, as_csv(eucaim, [row])).graph,
        read(reader, as_csv(eucaim, [row], delimiter=";", guide=False)).graph,
        read(reader, as_csv(eucaim, [row], delimiter="\t", mark=False)).graph,
    ]
    assert len(graphs[0]) > 150
    assert all(isomorphic(graphs[0], other) for other in graphs[1:])


@given(seed=st.integers(0, 10**6))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_columns_changes_nothing(eucaim: Form, reader: FormReader, seed: int) -> None:
    row = complete(eucaim)
    columns = [str(field.key) for field in eucaim.fields]
    random.Random(seed).shuffle(columns)
    shuffled = read(reader, as_csv(eucaim, [row], columns=columns))
    assert set(shuffled.graph) == set(read(reader, as_csv(eucaim, [row])).graph)


def test_what_is_missing_is_told_at_its_column(maker: FormMaker, reader: FormReader, validator: Validator) -> None:
    form = maker.form("healthdcat-ap")
    columns = [str(field.key) for field in form.fields]
    without = complete(form, **{"dct:identifier": "other", "dct:title@en": "", "healthdcatap:minTypicalAge": "forty"})
    # No legislation of the distribution, and nothing at all of the health data access body.
    gone = ("dcat:distribution/dcatap:applicableLegislation", "healthdcatap:hdab/")
    without = {name: text for name, text in without.items() if not name.startswith(gone)}
    judgement = judge(read(reader, as_csv(form, [complete(form), without])), validator)
    found = places(judgement)
    told = {f.path: place for f, place in found.items() if f.severity == "violation"}

    def place(key: str) -> Position:
        letter = openpyxl.utils.get_column_letter(columns.index(key) + 2)
        label = next(field.label for field in form.fields if str(field.key) == key)
        return Position(row=8, column=f"{letter} ({label})")

    assert told[str(DCT.title)] == place("dct:title@en")
    assert told[str(HEALTHDCATAP.minTypicalAge)] == place("healthdcatap:minTypicalAge")
    assert told[str(HEALTHDCATAP.hdab)] == place("healthdcatap:hdab/foaf:name@en")
    assert told[str(DCATAP.applicableLegislation)] == place("dcat:distribution/dcatap:applicableLegislation")
    assert len(told) == 4
    assert len(found) == len(judgement.findings), "every finding has its place"
    assert {place.row for f, place in found.items() if f.severity == "violation"} == {8}


def test_a_column_that_was_removed_leaves_the_row(eucaim: Form, reader: FormReader, validator: Validator) -> None:
    columns = [str(field.key) for field in eucaim.fields if field.path != (DCT.title,)]
    judgement = judge(read(reader, as_csv(eucaim, [complete(eucaim)], columns=columns)), validator)
    (title, *_) = [place for f, place in places(judgement).items() if f.path == str(DCT.title)]
    assert title == Position(row=7)


def test_cells_of_a_workbook_become_what_their_field_wants(eucaim: Form, reader: FormReader) -> None:
    row: dict[str, object] = {
        "dct:identifier": "x",
        "dct:issued": date(2024, 3, 31),
        "dct:modified": datetime(2024, 6, 15, 8, 30),
        "healthdcatap:minTypicalAge": 45.0,
        "healthdcatap:hasStructuredData": True,
        "dcat:spatialResolutionInMeters": 7e-05,
        "dcat:version": "1.10",
        "eucaim:hasImageModality": "Computed tomography (CT) | IMG1000022",
        "dcat:contactPoint/vcard:hasEmail": "data@example.org",
    }
    graph = read(reader, as_xlsx(eucaim, [row])).graph
    assert only(graph, DCT.issued) == Literal("2024-03-31", datatype=XSD.date)
    assert only(graph, DCT.modified) == Literal("2024-06-15T08:30:00", datatype=XSD.dateTime)
    assert only(graph, HEALTHDCATAP.minTypicalAge) == Literal("45", datatype=XSD.nonNegativeInteger)
    assert only(graph, HEALTHDCATAP.hasStructuredData) == Literal("true", datatype=XSD.boolean)
    assert str(only(graph, DCAT.spatialResolutionInMeters)) == "0.00007"
    assert only(graph, DCAT.version) == Literal("1.10")
    assert (None, None, URIRef("mailto:data@example.org")) in graph


def test_nodes_get_their_classes_and_stand_under_the_dataset(eucaim: Form, reader: FormReader) -> None:
    row = complete(eucaim, **{"dct:identifier": "a/b c"})
    graph = read(reader, as_csv(eucaim, [row])).graph
    dataset = URIRef("urn:radiograph:dataset:a%2Fb%20c")
    publisher = URIRef(f"{dataset}#publisher")
    assert (dataset, DCT.publisher, publisher) in graph
    assert (publisher, RDF.type, FOAF.Agent) in graph
    assert (URIRef(f"{publisher}.contactPoint"), RDF.type, CV.ContactPoint) in graph
    assert (URIRef(f"{dataset}#distribution"), RDF.type, DCAT.Distribution) in graph


def test_a_second_distribution_has_columns_of_its_own(eucaim: Form, reader: FormReader, validator: Validator) -> None:
    first = complete(eucaim)
    more = {
        name.replace("dcat:distribution/", "dcat:distribution[2]/"): text
        for name, text in first.items()
        if name.startswith("dcat:distribution/")
    }
    columns = [*(str(field.key) for field in eucaim.fields), *more, "dct:title@de"]
    document = read(reader, as_csv(eucaim, [first | more | {"dct:title@de": "Titel"}], columns=columns))
    (dataset,) = set(document.graph.subjects(DCAT.distribution))
    assert {str(o) for o in document.graph.objects(dataset, DCAT.distribution)} == {
        f"{dataset}#distribution",
        f"{dataset}#distribution-2",
    }
    assert (dataset, DCT.title, Literal("Titel", "de")) in document.graph
    assert not judge(document, validator).findings


def test_two_rows_of_one_identifier_stay_two_datasets(eucaim: Form, reader: FormReader) -> None:
    rows = [
        {"dct:identifier": "x", "dct:title@en": "One"},
        {"dct:identifier": "x", "dct:title@en": "Two"},
        {"dct:title@en": "T"},
    ]
    graph = read(reader, as_csv(eucaim, rows)).graph
    datasets = {str(s) for s in graph.subjects(RDF.type, DCAT.Dataset)}
    assert datasets == {"urn:radiograph:dataset:x", "urn:radiograph:row-8", "urn:radiograph:row-9"}


def test_rows_of_guidance_are_no_datasets(eucaim: Form, reader: FormReader) -> None:
    rows = [complete(eucaim), {"dct:title@en": "Second"}]
    for data in (as_csv(eucaim, rows), as_csv(eucaim, rows, guide=False)):
        assert len(set(read(reader, data).graph.subjects(RDF.type, DCAT.Dataset)) - set()) >= 2
    unmarked = read(reader, as_csv(eucaim, [{"dct:title@en": "Second"}], mark=False))
    assert [str(o) for o in unmarked.graph.objects(None, DCT.title)] == ["Second"]


def test_who_wrote_over_the_example_is_told(eucaim: Form, reader: FormReader) -> None:
    table = list(csv.reader(io.StringIO(as_csv(eucaim, [{"dct:title@en": "Right"}]).decode("utf-8-sig"))))
    table[5][2] = "My own title"
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    document = read(reader, text.getvalue().encode())
    assert [str(o) for o in document.graph.objects(None, DCT.title)] == ["Right"]
    (remark,) = document.remarks
    assert remark.startswith("row 6: the row is marked #example") and "clear its first cell" in remark


def test_columns_that_are_none_of_the_form(eucaim: Form, reader: FormReader) -> None:
    row = {
        "dct:identifier": "x",
        "dct:title@en": "T",
        "Notes": "mine",
        "dct:abstract@en": "A",
        "foaf:depiction": "https://example.org/p",
    }
    document = read(reader, as_csv(eucaim, [row], columns=list(row)))
    (remark,) = document.remarks
    assert remark.startswith("row 1, column 'Notes': the column is none of the form")
    dataset = URIRef("urn:radiograph:dataset:x")
    assert (dataset, DCT.abstract, Literal("A", "en")) in document.graph
    assert (dataset, FOAF.depiction, URIRef("https://example.org/p")) in document.graph


def test_a_form_of_an_earlier_release_is_read_and_told(eucaim: Form, reader: FormReader) -> None:
    data = as_csv(eucaim, [{"dct:title@en": "T"}]).replace(b"eucaim/2.0", b"eucaim/1.0")
    (remark,) = read(reader, data).remarks
    assert "is of EUCAIM DCAT-AP 1.0 and is read as one of EUCAIM DCAT-AP 2.0" in remark


def test_without_its_mark_a_form_is_known_by_its_columns(eucaim: Form, reader: FormReader) -> None:
    row = complete(eucaim, **{"dct:title@en": "Not the title of the example"})
    document = read(reader, as_csv(eucaim, [row], mark=False, guide=False))
    assert document.profiles == ("eucaim",)
    assert read(reader, b"dct:title@en,dct:identifier\nT,x\n").profiles == ("dcat-ap",)


def test_the_form_may_be_on_another_sheet(eucaim: Form, reader: FormReader) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(eucaim, [{"dct:title@en": "T"}])))
    book.move_sheet("Datasets", 2)
    book.create_sheet("Mine", 0)["A1"] = "scribbles"
    file = io.BytesIO()
    book.save(file)
    document = read(reader, file.getvalue())
    dataset = URIRef("urn:radiograph:row-7")
    assert (dataset, DCT.title, Literal("T", "en")) in document.graph
    assert document.positions.find(dataset) == Position(row=7, sheet="Datasets")


def test_a_formula_counts_as_the_value_saved_with_it(eucaim: Form, reader: FormReader) -> None:
    graph = read(
        reader, as_xlsx(eucaim, [{"dct:title@en": "T", "dct:identifier": '=HYPERLINK("https://x.example")'}])
    ).graph
    assert not list(graph.objects(None, DCT.identifier)), "nobody has opened it in a spreadsheet program"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda form: as_csv(form, []), "no filled row"),
        (lambda form: as_csv(form, [], guide=False), "no filled row"),
        (lambda form: as_csv(form, [{"dct:title@en": "T"}], columns=["dct:title@en"] * 2), "occurs twice"),
        (lambda form: as_csv(form, [{}]).replace(b"eucaim/2.0", b"nobody/1"), "no profile 'nobody'"),
        (lambda form: as_csv(form, [{}]).replace(b"eucaim/2.0", b"eucaim/2.0/SECRET"), "no access level 'SECRET'"),
        (lambda form: as_csv(form, [{"dct:title@en": "Köln"}]).decode("utf-8-sig").encode("latin-1", "replace"),
         "UTF-8"),
        (lambda form: as_csv(form, [{"dct:title@en": "T"}]) + b'"open,', "quotation mark"),
        (lambda form: b"id,title\n1,a\n", "the table is no form"),
        (lambda form: b"PK\x03\x04broken", "damaged"),
        (lambda form: as_csv(form, [{"dct:title@en": "x" * 100_001}]), "characters"),
    ],
)  # fmt: skip
def test_what_is_no_filled_form_is_refused_in_words(
    eucaim: Form, reader: FormReader, make: Callable[[Form], bytes], told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        reader.document(Path("form.csv"), make(eucaim))
    assert error.value.where and error.value.where.startswith("form.csv") and error.value.remedy


def test_hostile_workbooks_are_refused(eucaim: Form, reader: FormReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.workbook.MAX_UNPACKED_BYTES", 1024 * 1024)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (2 * 1024 * 1024))
    with pytest.raises(InputError, match="unpacks to"):
        reader.document(Path("bomb.xlsx"), file.getvalue())
    monkeypatch.setattr("ingest.sources.spreadsheet.MAX_ROWS", 20)
    with pytest.raises(InputError, match="more than 20 rows"):
        reader.document(Path("long.csv"), as_csv(eucaim, [{"dct:title@en": "T"}] * 30))


def test_more_rows_than_anybody_describes_are_refused(eucaim: Form, reader: FormReader) -> None:
    data = as_csv(eucaim, [{"dct:title@en": "T"}] * 6)
    assert reader.document(Path("form.csv"), data, max_rows=6) is not None
    with pytest.raises(InputError, match="more than 5 filled rows"):
        reader.document(Path("form.csv"), data, max_rows=5)


def test_rdf_is_no_form(reader: FormReader) -> None:
    assert reader.document(Path("a.ttl"), b"<a> <b> <c> .") is None
    assert reader.document(Path("a"), b'{"@id": "x"}') is None


def test_a_form_is_known_whatever_its_file_is_called(eucaim: Form, reader: FormReader) -> None:
    assert read(reader, as_csv(eucaim, [{"dct:title@en": "T"}]), "form.txt").graph


def test_filled_form_reads_a_file(eucaim: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "form.xlsx").write_bytes(as_xlsx(eucaim, [complete(eucaim)]))
    (tmp_path / "a.ttl").write_text("<a:> <b:> <c:> .")
    document = filled_form(Path("form.xlsx"))
    assert document is not None and document.name == "form.xlsx" and len(document.graph) > 150
    assert filled_form(Path("a.ttl")) is None and filled_form(Path("missing.xlsx")) is None


def test_a_large_form_is_read_row_by_row(eucaim: Form, reader: FormReader) -> None:
    rows = [{"dct:identifier": f"d{n}", "dct:title@en": f"Dataset {n}"} for n in range(2_000)]
    document = read(reader, as_csv(eucaim, rows, columns=list(rows[0])))
    assert len(set(document.graph.subjects(RDF.type, DCAT.Dataset))) == 2_000
    assert document.positions.find(URIRef("urn:radiograph:dataset:d1999"), DCT.title) == Position(
        row=len(guidance(eucaim)) + 2_000, column="C (Title)"
    )


@pytest.mark.oracle
@pytest.mark.parametrize(("profile", "level"), [one for one in LEVELS if one[0] in ("dcat-ap", "healthdcat-ap")])
def test_a_filled_form_meets_the_official_shapes(
    maker: FormMaker,
    reader: FormReader,
    profiles: Profiles,
    vocabularies: Vocabularies,
    profile: str,
    level: str | None,
) -> None:
    form = maker.form(profile, maker.level(profile, level) if level else None)
    graph = read(reader, as_xlsx(form, [complete(form)])).graph
    (dataset,) = (s for s in graph.subjects(RDF.type, DCAT.Dataset) if (s, DCT.title, None) in graph)
    assert isinstance(dataset, URIRef)
    stated = as_judged(graph, dataset)
    official = Oracle(dcat_ap() if level is None else healthdcat_ap(level), profiles, vocabularies)
    problems = official.problems(stated, dataset)
    assert unexcused(set(), problems, profile, stated, differences()) == set()

"""The report for people: what comes first, what is told once, and that no name made by a program is in it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from core.errors import InputError
from ontology.vocabulary import Vocabularies
from shapes.document import Document, Position, Positions
from shapes.documents import Judgement, Unjudged, judge
from shapes.formats.text import report_lines, write_text
from shapes.lifting import Rewrite
from shapes.profiles import Profiles
from shapes.reader import parse_document
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example, turtle

_PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"


def _judge(text: str, validator: Validator, name: str = "x.ttl") -> Judgement:
    return judge(parse_document((_PREFIXES + text).encode(), name=name, suffix=".ttl"), validator)


def _part(report: str, heading: str) -> str:
    """What is told under the first heading that contains the text, up to the next empty line."""
    return next(part for part in report.split("\n\n") if heading in part.split("\n")[0])


def test_each_record_is_named_by_its_title_and_then_its_address(broken: Judgement) -> None:
    lines = write_text([broken]).split("\n")
    breast, lung = lines.index("Breast"), lines.index("Lung [CT]")
    assert breast < lung
    assert lines[lung + 1] == "  dataset <http://e/lung>, data/broken.ttl:5"
    assert re.match(
        r"  does not conform to DCAT-AP 3\.0\.1: \d+ violations, \d+ recommendations \(applied", lines[lung + 3]
    )


def test_a_finding_tells_all_that_is_needed_to_mend_it(broken: Judgement) -> None:
    part = _part(write_text([broken]).split("Lung [CT]")[0], "Release date")
    assert part.split("\n")[1:5] == [
        "     where    data/broken.ttl:21, the dataset",
        '     value    "yesterday"',
        "     problem  The release date of the dataset is not a date.",
        '     to do    Write dct:issued like "2024-03-01"^^xsd:date; a year, a month or a',
    ]
    assert re.search(r'example  dct:issued "[\d-]+"\^\^xsd:date ;', part)
    assert re.search(
        r"why      demanded by DCAT-AP 3.0.1,\s+https://semiceu.github.io/DCAT-AP/releases/3.0.1/#Dataset.releasedate",
        part,
    )


def test_what_was_explained_once_is_told_in_short(broken: Judgement) -> None:
    lung = write_text([broken]).split("Lung [CT]")[1]
    part = _part(lung, "Release date")
    assert '"last year"' in part and "data/broken.ttl:8" in part
    assert "as told for the same problem above" in part and "example" not in part


def test_equal_findings_are_one_with_several_places(broken: Judgement) -> None:
    part = _part(write_text([broken]), "Access URL")
    assert part.count("where    ") == 2 and "<http://e/lung/1>" in part and "<http://e/lung/2>" in part
    assert part.count("problem") == 1


def test_all_values_of_a_property_with_too_many_are_shown_with_their_lines(broken: Judgement) -> None:
    part = _part(write_text([broken]), "5. Type")
    assert "<http://e/kind>" in part and "<http://e/other-kind>" in part and "(line 11)" in part


def test_the_worst_comes_first_and_the_sum_last(broken: Judgement) -> None:
    report = write_text([broken])
    lung = report.split("Lung [CT]")[1]
    assert lung.index("  To mend\n") < lung.index("  Recommended, and not there\n")
    last = " ".join(report.split("\n\n")[-1].split())
    counts = r"\d+ violations( in \d+ places)? to mend, \d+ recommendations"
    assert re.fullmatch(rf"2 records: {counts}; mend the violations and validate again\.", last)


def test_no_name_that_a_program_made_is_shown(broken: Judgement, validator: Validator) -> None:
    unnamed = _judge("[] a dcat:Dataset ; dct:publisher [ a dct:X ] ; dct:license [] .", validator)
    for report in (write_text([broken]), write_text([unnamed])):
        assert not re.search(r"#node-|_:|urn:radiograph|\b[0-9a-f]{20,}\b", report)
    assert "dataset without an IRI, x.ttl:3" in write_text([unnamed])


def test_it_fits_into_eighty_columns_but_for_addresses(broken: Judgement) -> None:
    for line in write_text([broken]).split("\n"):
        shown_as_code = re.match(r"     example  | {14}.*[;\]]$", line)
        assert len(line) <= 80 or shown_as_code or re.search(r"\S{40,}", line), line


def test_a_reason_is_told_once_and_places_in_the_order_of_the_lines(validator: Validator) -> None:
    first = "[ a dcat:Distribution ; dcat:mediaType 'b' ; dct:issued\n'z' ]"
    text = f"<http://e/a> a dcat:Dataset ; dcat:distribution {first} ,\n[ a dcat:Distribution ; dct:issued 'a' ] ."
    report = write_text([_judge(text, validator)])
    assert _part(report, "Media type").count("why      demanded by DCAT-AP 3.0.1") == 1
    lines = [int(line) for line in re.findall(r"where    x\.ttl:(\d+)", _part(report, "Release date"))]
    assert len(lines) == 2 and lines == sorted(lines)


def test_it_uses_the_width_there_is(broken: Judgement) -> None:
    assert len(list(report_lines([broken], width=100))) < len(list(report_lines([broken], width=60)))


def test_hundreds_of_equal_findings_are_counted(validator: Validator) -> None:
    many = " , ".join(f"<http://e/{n}>" for n in range(500))
    parts = "".join(f"<http://e/{n}> a dcat:Distribution .\n" for n in range(500))
    report = write_text([_judge(f"<http://e/a> a dcat:Dataset ; dcat:distribution {many} .\n{parts}", validator)])
    assert "and 497 more of the same" in _part(report, "Access URL")
    assert len(report.split("\n")) < 400


def test_hundreds_of_equal_records_explain_once(validator: Validator) -> None:
    records = "".join(f"<http://e/{n}> a dcat:Dataset ; dct:title 'A {n}'@en .\n" for n in range(60))
    report = write_text([_judge(records, validator)])
    assert report.count("The dataset has no description.") == 60
    assert report.count("#Dataset.description") == 1


def test_what_another_record_lacks_as_well_is_listed_in_one_sentence(broken: Judgement) -> None:
    lung = write_text([broken]).split("Lung [CT]")[1]
    again = " ".join(_part(lung, "Recommended, not there, and explained above:").split())
    assert "Keyword" in again and "Theme" in again and not re.search(r"\d\. Keyword", lung)


def test_codes_that_a_terminal_obeys_are_not_written(validator: Validator) -> None:
    text = "<http://e/a> a dcat:Dataset ; dct:title 'A\\u001B[31m\\nB'@en ; dct:issued 'x\\u009By' ."
    report = write_text([_judge(text, validator)])
    assert report.startswith("A�[31m B\n") and '"x�y"' in report


def test_a_part_shared_by_records_is_told_once(validator: Validator) -> None:
    agent = "<http://e/p> a <http://xmlns.com/foaf/0.1/Agent> .\n"
    said = "dct:title 'A'@en ; dct:description 'B'@en ; dct:publisher <http://e/p> ."
    report = write_text(
        [_judge(f"<http://e/1> a dcat:Dataset ; {said}\n<http://e/2> a dcat:Dataset ; {said}\n{agent}", validator)]
    )
    assert report.count("has no name") == 1
    assert "the same as told for an earlier record that refers to it" in report


def test_examples_name_the_prefixes_that_the_document_lacks(validator: Validator) -> None:
    report = write_text([_judge("<http://e/a> a dcat:Dataset ; dct:title 'A'@en .", validator)])
    missing = report.split("does not declare")[1]
    assert "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> ." in missing and "@prefix dct:" not in missing


def test_in_a_table_the_example_is_what_the_cell_should_say(validator: Validator) -> None:
    graph = example("dcat-ap-minimal") + turtle("ex:dataset dct:issued 'soon' .")
    positions = Positions()
    for s, p, o in graph:
        positions.add(s, p, o, Position(row=3, column=str(p).rpartition("/")[2], sheet="Datasets"))
    report = write_text([judge(Document("form.xlsx", graph, positions), validator)])
    part = _part(report, "Release date")
    assert "where    form.xlsx, sheet 'Datasets', row 3, column 'issued', the dataset" in part
    assert re.search(r"example  \d{4}-\d\d-\d\d\n", part)


def test_rewrites_are_told_once_each(broken: Judgement) -> None:
    same = [Rewrite("http://e/a", "a b", "c d", "New name.", "r", Position(line=n)) for n in (4, 5, 6)]
    more = [Rewrite("http://e/a", f"a {n}", f"c {n}", "New name.", "r") for n in range(20)]
    kept = Rewrite("http://e/a", "e f", "e f", "There is no place for it.", "k")
    report = write_text([replace(broken, rewrites=(*same, kept, *more))])
    assert "  data/broken.ttl:4: a b → c d (3 times). New name.\n" in report
    assert "  e f stays. There is no place for it.\n" in report and "  and 10 more\n" in report


def test_a_sound_description_is_told_to_be_ready(sound: Judgement) -> None:
    report = write_text([sound])
    assert "To mend" not in report and "Recommended" not in report
    assert report.endswith("6 records: 0 violations to mend, 0 recommendations; ready to hand in.")


def test_several_documents_make_one_report(broken: Judgement, sound: Judgement) -> None:
    report = write_text([broken, sound])
    assert "data/broken.ttl:5" in report and "sound.ttl:" in report and "\n8 records: " in report


def test_a_relaxed_rule_is_a_warning_and_nothing_is_called_ready(tmp_path: Path, vocabularies: Vocabularies) -> None:
    rule = "https://w3id.org/radiograph/shapes#healthdcat-ap-dataset-ehds-transition-hdab"
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "profiles.toml").write_text(f'[[relaxed]]\nrule = "{rule}"\n', encoding="utf-8")
    graph = example("healthdcat-ap-public-minimal")
    graph.remove((DATASET, None, EX.hdab))
    judgement = judge(Document("x.ttl", graph), Validator(Profiles.load(tmp_path), vocabularies))
    assert not judgement.conforms
    report = write_text([judgement])
    words = " ".join(report.split())
    assert re.search(
        r"does not conform to HealthDCAT-AP 8: 0 violations, 1 relaxed to a warning by the operator, \d+ rec", words
    )
    assert " conforms to DCAT-AP 3.0.1: 0 violations, " in words
    section = report.split("  Demanded, and relaxed here to a warning\n")[1].split("  Recommended, and not there")[0]
    assert section.count("problem  ") == 1
    assert "demanded by HealthDCAT-AP 8, shown as a warning here" in " ".join(section.split())
    last = " ".join(report.split("\n\n")[-1].split())
    assert "0 violations to mend, 1 relaxed to a warning by the operator, " in last and "ready" not in last
    assert last.endswith("it does not conform: mend what is relaxed as well before you hand it in elsewhere.")


def test_what_cannot_be_judged_is_told_in_its_place(broken: Judgement, sound: Judgement) -> None:
    faulty = Unjudged("bad.ttl", InputError("not Turtle: no end", where="bad.ttl:7", remedy="correct the line"))
    report = write_text([broken, faulty, sound])
    assert report.index("data/broken.ttl:5") < report.index("bad.ttl:7") < report.index("sound.ttl:")
    told = (
        "bad.ttl\n  cannot be judged\n\n     where    bad.ttl:7\n     problem  not Turtle: no end\n     to do    corr"
    )
    assert told in report
    last = " ".join(write_text([faulty, sound]).split("\n\n")[-1].split())
    assert last.startswith("1 document cannot be judged: mend that first. 6 records: ") and "ready" not in last

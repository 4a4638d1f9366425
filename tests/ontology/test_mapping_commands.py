from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.errors import VocabularyError
from ontology import commands
from ontology.golden import read_golden
from ontology.mapping_suggest import Suggester, as_mapping_set
from ontology.sssom import load_mapping_sets, parse_mapping_set
from ontology.vocabulary import Vocabularies

HEAD = """# curie_map:
#   cancer: https://w3id.org/radiograph/concept/cancer/
#   X: https://example.org/
# license: https://creativecommons.org/publicdomain/zero/1.0/
# mapping_set_id: https://example.org/links.sssom.tsv
subject_id\tpredicate_id\tobject_id\tmapping_justification\tconfidence
"""
LINK = "cancer:LUAD\tskos:exactMatch\tX:1\tsemapv:ManualMappingCuration\t0.9\n"
WIDE = {"COLUMNS": "200"}


def invoke(*arguments: str, text: str = "") -> tuple[int, str, BaseException | None]:
    app = typer.Typer()
    commands.mount(app)
    app.command("other")(lambda: None)
    result = CliRunner(env=WIDE).invoke(app, ["ontology", *arguments], input=text)
    return result.exit_code, result.stdout, result.exception


def test_a_link_becomes_a_code(overlay: Callable[[str, str], Path]) -> None:
    vocabularies = Vocabularies.load(overlay("mappings/links.sssom.tsv", HEAD + LINK))
    concept = vocabularies.concept("https://w3id.org/radiograph/concept/cancer/LUAD")
    assert concept is not None and "X:1" in concept.codes
    assert vocabularies.digest != Vocabularies.load().digest


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (LINK.replace("LUAD", "NOTHING"), "no concept of any scheme"),
        (LINK + LINK, "says again"),
        (LINK.replace("cancer:LUAD", "X:2"), "not a concept of ours"),
        (LINK.replace("exactMatch", "broader"), "no mapping property"),
    ],
)
def test_a_link_that_cannot_be_is_told_with_its_line(
    overlay: Callable[[str, str], Path], row: str, message: str
) -> None:
    with pytest.raises(VocabularyError, match=message) as caught:
        Vocabularies.load(overlay("mappings/links.sssom.tsv", HEAD + row))
    assert "links.sssom.tsv, line" in str(caught.value.where)


def test_shipped_links_have_a_justification_and_stand_nowhere_else() -> None:
    links = [link for one in load_mapping_sets() for link in one.links]
    assert len(links) > 300
    assert all(link.justification.startswith("https://w3id.org/semapv/vocab/") for link in links)


def test_suggestions_say_why(vocabularies: Vocabularies) -> None:
    suggester = Suggester(vocabularies, "cancer")
    first = suggester.candidates("Lung adenocarcinomma")[0]
    assert (first.concept.notation, first.why) == ("LUAD", "spelling")
    assert suggester.candidates("progressive glial tumour of the brain")[0].why == "words in common"
    assert suggester.candidates("xyzzy") == []


def test_suggested_rows_are_sssom(vocabularies: Vocabularies, tmp_path: Path) -> None:
    rows = as_mapping_set(Suggester(vocabularies, "cancer").candidates("Lung adenocarcinomma"))
    heading = "# license: https://example.org/\n# mapping_set_id: https://example.org/x\n"
    found = parse_mapping_set(heading + rows, tmp_path / "x.sssom.tsv")
    assert found.mappings[0].concept == "https://w3id.org/radiograph/concept/cancer/LUAD"


def test_only_unknown_texts_are_asked_about() -> None:
    code, stdout, _ = invoke("map", "suggest", "-", "--scheme", "cancer", "--format", "json", text="GBM\nfoo lung\n")
    assert code == 1
    assert [answer["text"] for answer in json.loads(stdout)] == ["foo lung"]
    assert invoke("map", "suggest", "-", "--scheme", "cancer", text="GBM\n")[0] == 0


def test_an_unknown_scheme_is_told_though_nothing_is_asked() -> None:
    assert isinstance(invoke("match", "--scheme", "tumour")[2], VocabularyError)
    assert isinstance(invoke("map", "suggest", "-", "--scheme", "tumour")[2], VocabularyError)


def test_less_sure_answers_are_none_where_more_is_asked() -> None:
    _, stdout, _ = invoke("match", "--scheme", "cancer", "--least", "0.99", text="NSCLC\nLung Cancer\n")
    assert [len(json.loads(line)["concepts"]) for line in stdout.splitlines()] == [0, 1]


def test_the_shipped_sets_and_golden_records_are_clean() -> None:
    code, stdout, _ = invoke("map", "check")
    assert code == 0, stdout


def test_a_golden_record_that_comes_out_otherwise_is_found(overlay: Callable[[str, str], Path]) -> None:
    source = Path(commands.__file__).parent
    folder = overlay("radiograph.ttl", (source / "radiograph.ttl").read_text(encoding="utf-8")) / "ontology"
    for path in [*source.glob("concepts/*.ttl"), *source.glob("mappings/*.sssom.tsv")]:
        overlay(str(path.relative_to(source)), path.read_text(encoding="utf-8"))
    overlay("mappings/golden/x.tsv", "text\tscheme\texpected\trepository\nGBM\tcancer\tLUAD\t\n")
    code, stdout, _ = invoke("map", "check", str(folder), "--format", "json")
    assert code == 1
    assert "golden-differs" in stdout and "x.tsv" in stdout


def test_a_malformed_golden_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("text\tscheme\texpected\trepository\nGBM\tcancer\n", encoding="utf-8")
    with pytest.raises(VocabularyError, match="does not have the columns") as caught:
        read_golden(path)
    assert str(caught.value.where).endswith("line 2")

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VocabularyError
from ontology.harmoniser import Harmoniser
from ontology.sssom import load_mapping_sets, read_mapping_set
from ontology.vocabulary import Vocabularies

HEAD = """# curie_map:
#   cancer: https://w3id.org/radiograph/concept/cancer/
#   concept: https://w3id.org/radiograph/concept/
# license: "https://creativecommons.org/publicdomain/zero/1.0/"
# mapping_set_id: https://example.org/set.sssom.tsv
# creator_label:
#   - curator
# subject_type: rdfs literal
subject_label\tpredicate_id\tobject_id\tobject_source\tmapping_justification\tconfidence
"""
ROW = "Lung ca.\tskos:exactMatch\tcancer:LUNG\tconcept:cancer\tsemapv:ManualMappingCuration\t0.9\n"


def read(folder: Path, text: str, name: str = "clinic.sssom.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_has_its_name_licence_and_rows(tmp_path: Path) -> None:
    found = read_mapping_set(read(tmp_path, HEAD + ROW))
    assert found.name == "clinic"
    assert found.iri == "https://example.org/set.sssom.tsv"
    assert found.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    (mapping,) = found.mappings
    assert (mapping.text, mapping.scheme, mapping.confidence) == ("Lung ca.", "cancer", 0.9)
    assert mapping.concept == "https://w3id.org/radiograph/concept/cancer/LUNG"
    assert found.where(mapping).endswith("clinic.sssom.tsv, line 10")


def test_no_term_found_is_a_mapping_to_nothing(tmp_path: Path) -> None:
    found = read_mapping_set(read(tmp_path, HEAD + ROW.replace("cancer:LUNG", "sssom:NoTermFound")))
    assert found.mappings[0].concept is None


def test_quotes_windows_line_ends_blank_lines_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + HEAD + '"a ""b"""' + ROW.removeprefix("Lung ca.") + "\t\t\t\t\t\n" + ROW
    found = read_mapping_set(read(tmp_path, text.replace("\n", "\r\n")))
    assert [mapping.text for mapping in found.mappings] == ['a "b"', "Lung ca."]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "has no mapping_set_id"),
        (HEAD.replace("# license", "# licence") + ROW, 0, "has no license"),
        (HEAD.replace("# subject_type: rdfs literal", "# subject type") + ROW, 8, "is not 'name: value'"),
        (HEAD.replace("\tobject_source", "\tsource") + ROW, 9, "no column object_source"),
        (HEAD + ROW.replace("\t0.9", ""), 10, "has 5 cells"),
        (HEAD + ROW + ROW.replace("Lung ca.", ""), 11, "has no subject_label"),
        (HEAD + ROW.replace("cancer:LUNG", "tumour:LUNG"), 10, "prefix of 'tumour:LUNG'"),
        (HEAD + ROW.replace("cancer:LUNG", "LUNG"), 10, "prefix of 'LUNG'"),
        (HEAD + ROW.replace("exactMatch", "relatedMatch"), 10, "does not say that the text means"),
        (HEAD + ROW.replace("0.9", "much"), 10, "confidence 'much'"),
        (HEAD + ROW.replace("0.9", "1.1"), 10, "confidence '1.1'"),
        (HEAD + ROW.replace("0.9", "nan"), 10, "confidence 'nan'"),
        (HEAD + ROW.replace("concept:cancer", "cancer:LUNG"), 10, "is not one of our schemes"),
        (HEAD + '"Lung' + ROW, 10, "is not a TSV row"),
    ],
)
def test_a_broken_set_is_told_with_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = read(tmp_path, text)
    with pytest.raises(VocabularyError, match=re.escape(message)) as caught:
        read_mapping_set(path)
    assert caught.value.where == (f"{path}, line {line}" if line else str(path))
    assert caught.value.remedy


def test_a_set_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "clinic.sssom.tsv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VocabularyError, match="cannot be read"):
        read_mapping_set(path)


@given(text=st.text(max_size=200))
def test_no_content_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.sssom.tsv"
    path.write_text(HEAD + text.replace("\ud800", ""), encoding="utf-8", errors="replace")
    try:
        read_mapping_set(path)
    except VocabularyError as error:
        assert str(path) in str(error.where)


def test_the_shipped_sets_are_sound(vocabularies: Vocabularies) -> None:
    sets = {found.name: found for found in load_mapping_sets()}
    assert {"common", "idc", "openmedlab"} <= set(sets)
    Harmoniser(vocabularies, tuple(sets.values()))
    for found in sets.values():
        assert found.licence == "https://creativecommons.org/publicdomain/zero/1.0/"
        rows = [(m.text, m.scheme, m.concept) for m in found.mappings]
        assert len(rows) == len(set(rows)), f"{found.name} says something twice"


def test_object_labels_of_the_shipped_sets_are_those_of_their_concepts(vocabularies: Vocabularies) -> None:
    for found in load_mapping_sets():
        lines = found.path.read_text(encoding="utf-8").splitlines()
        columns = next(line for line in lines if not line.startswith("#")).split("\t")
        for mapping in found.mappings:
            label = lines[mapping.line - 1].split("\t")[columns.index("object_label")]
            concept = vocabularies.concept(mapping.concept) if mapping.concept else None
            assert label == (concept.label if concept else ""), found.where(mapping)

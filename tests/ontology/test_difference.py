from __future__ import annotations

import json
import random
from pathlib import Path

import pyoxigraph
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode
from typer.testing import CliRunner

from core.errors import VocabularyError
from core.terms import SKOS
from ontology import curation_commands
from ontology.change import Impact
from ontology.difference import Difference, compare
from ontology.difference_report import DifferenceFormat, write_difference
from ontology.release_archive import tree_of
from ontology.tree import Tree
from tests.ontology.small_tree import FILES, SCHEME, edited, write

BLOCK_4 = FILES["concepts/organ.ttl"][FILES["concepts/organ.ttl"].index(":4 a") :].split("\n\n")[0] + "\n\n"
DEPRECATED = "<http://www.w3.org/2002/07/owl#deprecated> true ; dct:isReplacedBy"


def found(difference: Difference) -> list[tuple[str, str, str]]:
    return [(str(c.impact), c.kind, c.subject.rpartition("/")[2]) for c in difference.changes]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([(BLOCK_4, "")], [("breaking", "concept-removed", "4")]),
        ([(BLOCK_4, BLOCK_4 + BLOCK_4.replace("4", "5"))], [("additive", "concept-added", "5")]),
        ([(":4 a", ":44 a")], [("breaking", "concept-readdressed", "4")]),
        ([('"Liver"@en', '"The liver"@en')], [("editorial", "relabelled", "3")]),
        ([('"Leber"@de', '"Leber"@de, "Foie"@fr')], [("additive", "label-added", "3")]),
        ([(', "Leber"@de', "")], [("editorial", "label-removed", "3")]),
        ([('"Hepar"@en', '"Hepar"@en, "Jecur"@en')], [("additive", "synonym-added", "3")]),
        ([('  skos:altLabel "Hepar"@en ;\n', "")], [("editorial", "synonym-removed", "3")]),
        ([("altLabel", "hiddenLabel")], [("editorial", "synonym-shifted", "3")]),
        ([("skos:broader :1", "skos:broader :2")], [("breaking", "moved", "3")]),
        ([("skos:broader :1", "skos:broader :1, :2")], [("additive", "moved", "3")]),
        ([("skos:broader :2 ;", "skos:broader :heart ;")], [("additive", "moved", "4")]),
        ([("skos:broader :2 ;", "skos:broader :2, :heart ;")], [("additive", "moved", "4")]),
        ([("SCT:10200004", "SCT:1")], [("breaking", "mapping-changed", "3")]),
        ([("SCT:10200004", "SCT:10200004, SCT:1")], [("additive", "mapping-added", "3")]),
        ([('notation "3"', 'notation "33"')], [("breaking", "notation-changed", "3")]),
        ([("skos:broader :1 ;", f"skos:broader :1 ; {DEPRECATED} :1 ;")], [("additive", "deprecated", "3")]),
        ([("skos:broader :1 ;", f"skos:broader :1 ; {DEPRECATED} :1, :2 ;")], [("breaking", "split", "3")]),
        (
            [("skos:broader :1 ;", "skos:broader :1 ; <http://www.w3.org/2002/07/owl#deprecated> true ;")],
            [("breaking", "deprecated", "3")],
        ),
        (
            [
                ("skos:broader :1 ;", f"skos:broader :1 ; {DEPRECATED} :heart ;"),
                ("skos:broader :2 ;", f"skos:broader :2 ; {DEPRECATED} :heart ;"),
            ],
            [("additive", "merged", "3"), ("additive", "merged", "4")],
        ),
        ([('"Organs"@en', '"Organs of the body"@en')], [("editorial", "relabelled", "organ")]),
        ([("by/4.0/> .\n\n:1", "by-sa/4.0/> .\n\n:1")], [("breaking", "licence-changed", "organ")]),
        ([("domain radiograph:Image", "domain skos:Concept")], [("breaking", "axiom-changed", "ontology#shows")]),
        ([("  rdfs:domain radiograph:Image ;\n", "")], [("additive", "axiom-removed", "ontology#shows")]),
        ([('"A picture that', '"Any picture that')], [("editorial", "definition-changed", "ontology#Image")]),
        (
            [("owl:ObjectProperty ;", "owl:ObjectProperty, owl:FunctionalProperty ;")],
            [("breaking", "axiom-added", "ontology#shows")],
        ),
        ([("Info \"0.1.0\"", "Info \"0.1.1\"")], [("editorial", "version", "ontology")]),
        ([("organ:1	Abdomen", "organ:2	Thorax")], [("breaking", "row-changed", "belly")]),
        ([("curator	0.9", "curator	0.8")], [("editorial", "row-edited", "chest")]),
    ],
)  # fmt: skip
def test_each_change_is_named_and_judged(edits: list[tuple[str, str]], expected: list[tuple[str, str, str]]) -> None:
    assert found(compare(edited(), edited(*edits))) == expected


def test_a_row_that_goes_breaks_and_one_that_comes_adds() -> None:
    rows = FILES["mappings/common.sssom.tsv"].splitlines(keepends=True)
    without = edited((rows[-1], ""))
    assert found(compare(edited(), without)) == [("breaking", "row-removed", "chest")]
    assert found(compare(without, edited())) == [("additive", "row-added", "chest")]


def test_a_concept_that_changes_its_scheme_is_transferred() -> None:
    files = {**FILES, "concepts/organ.ttl": FILES["concepts/organ.ttl"].replace(BLOCK_4, "")}
    head = FILES["concepts/organ.ttl"].partition("# Organs")[0]
    moved = tree_of({**files, "concepts/chest.ttl": head + BLOCK_4}, "moved")
    assert found(compare(edited(), moved)) == [("breaking", "concept-transferred", "4")]


def test_a_whole_scheme_is_added_and_removed() -> None:
    without = tree_of({name: text for name, text in FILES.items() if "organ" not in name}, "without")
    assert [kind for _, kind, _ in found(compare(without, edited()))] == ["concept-added"] * 5 + ["scheme-added"]
    assert {impact for impact, _, _ in found(compare(edited(), without))} == {"breaking"}


def test_layout_comments_order_and_prefixes_make_no_difference() -> None:
    text = FILES["concepts/organ.ttl"]
    blocks = text.split("\n\n")
    shuffled = "\n\n".join([blocks[0], *reversed([block.strip() for block in blocks[1:]])]) + "\n# the end\n"
    renamed = shuffled.replace("SCT:", "snomed:").replace(" ;\n  ", "\n;\t")
    mappings = FILES["mappings/common.sssom.tsv"].replace("organ:", "o:").replace("belly", "belly")
    other = tree_of({**FILES, "concepts/organ.ttl": renamed, "mappings/common.sssom.tsv": mappings}, "other")
    assert not compare(edited(), other).changes


def test_a_relabelled_concept_that_keeps_its_old_name_loses_no_text() -> None:
    kept = edited(('"Liver"@en', '"The liver"@en'), ('"Hepar"@en', '"Hepar"@en, "Liver"@en'))
    lost = edited(('"Liver"@en', '"The liver"@en'))
    (change,) = [c for c in compare(edited(), lost).changes if c.kind == "relabelled"]
    assert "matched no more" in change.reason
    (change,) = [c for c in compare(edited(), kept).changes if c.kind == "relabelled"]
    assert "matched no more" not in change.reason


def test_a_circle_of_broader_concepts_ends() -> None:
    circle = edited(("skos:broader :1 ;", "skos:broader :3 ;"))
    assert found(compare(edited(), circle))[0] == ("breaking", "moved", "3")


def test_a_tree_with_a_fault_is_refused_with_its_line() -> None:
    with pytest.raises(VocabularyError, match=r"organ\.ttl, line 7"):
        compare(edited(), edited(("# Organs, as far as tests need them.\n", "# x\n<oops ")))
    with pytest.raises(VocabularyError, match="cells"):
        compare(edited(), edited(("belly\t", "belly")))


WORDS = st.text(alphabet='abcXYZ éß"\\\n', min_size=1, max_size=8)
TRIPLES = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 6), st.sampled_from(["prefLabel", "altLabel", "hiddenLabel", "definition"]), WORDS),
        st.tuples(st.integers(1, 6), st.sampled_from(["broader", "exactMatch", "related"]), st.integers(1, 6)),
    ),
    max_size=14,
)


def drawn(triples: list[tuple[int, str, str | int]], order: int = 0) -> Tree:
    lines = []
    for subject, predicate, value in triples:
        term = NamedNode(f"{SCHEME}/{value}") if isinstance(value, int) else Literal(value, language="en")
        lines.append(f"{NamedNode(f'{SCHEME}/{subject}')} {NamedNode(str(SKOS[predicate]))} {term} .\n")
    random.Random(order).shuffle(lines)
    return tree_of({**FILES, "concepts/x.ttl": "".join(lines)}, f"drawn {order}")


@settings(max_examples=25, deadline=None)
@given(TRIPLES, TRIPLES)
def test_there_is_a_difference_exactly_where_statements_differ(
    one: list[tuple[int, str, str | int]], other: list[tuple[int, str, str | int]]
) -> None:
    before, after = drawn(one), drawn(other)
    forth, back = compare(before, after), compare(after, before)
    same = set(before.statements["concepts/x.ttl"].triples) == set(after.statements["concepts/x.ttl"].triples)
    assert (not forth.changes) == (not back.changes) == same
    assert not compare(before, drawn(one, order=7)).changes
    assert {c.subject for c in forth.changes} == {c.subject for c in back.changes}
    assert write_difference(forth, DifferenceFormat.MARKDOWN) == write_difference(
        compare(before, drawn(other)), DifferenceFormat.MARKDOWN
    )


def test_every_statement_that_changed_is_in_a_change() -> None:
    before, after = edited(), edited(("SCT:10200004", "SCT:1"), ('"Leber"@de', '"Foie"@fr'), (":2 ;", ":heart ;"))

    def said(tree: Tree) -> set[str]:
        triples = tree.statements["concepts/organ.ttl"].triples
        return {t.object.value if isinstance(t.object, NamedNode) else str(t.object) for t in triples
                if isinstance(t.object, pyoxigraph.NamedNode | pyoxigraph.Literal)}  # fmt: skip

    changes = compare(before, after).changes
    assert said(before) - said(after) <= {value for change in changes for value in change.before}
    assert said(after) - said(before) <= {value for change in changes for value in change.after}


def test_markdown_counts_and_escapes() -> None:
    text = write_difference(
        compare(edited(), edited(('"Liver"@en', '"<b>@x</b> [l](u)|"@en'))), DifferenceFormat.MARKDOWN
    )
    assert "| **all** | 0 | 0 | 1 |" in text
    assert "<b>" not in text and "[l](u)" not in text and " @x" not in text


def test_json_is_the_same_twice_and_complete() -> None:
    difference = compare(edited(), edited((BLOCK_4, "")))
    one, two = (write_difference(difference, DifferenceFormat.JSON) for _ in range(2))
    assert one == two
    answer = json.loads(one)
    assert answer["summary"] == {"breaking": 1, "additive": 0, "editorial": 0}
    assert answer["changes"][0]["subject"] == f"{SCHEME}/4" and answer["changes"][0]["reason"]
    assert difference.counts()[Impact.BREAKING] == 1


def test_the_command_ends_with_0_1_or_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "a").parent)
    (write(tmp_path / "b") / "concepts/organ.ttl").write_text(FILES["concepts/organ.ttl"].replace(BLOCK_4, ""))
    app = typer.Typer()
    curation_commands.mount(app)

    def run(*arguments: str) -> tuple[int, str, BaseException | None]:
        result = CliRunner().invoke(app, ["diff", *arguments])
        return result.exit_code, result.stdout, result.exception

    assert run("a", "a")[:2] == (0, "a → a\n\nno difference\n")
    code, text, _ = run("a", "b")
    assert code == 1 and "concept removed: Lung (organ/4)" in text and "1 breaking, 0 additive" in text
    assert run("a", "b", "--format", "markdown")[1] == run("a", "b", "--format", "markdown")[1]
    assert isinstance(run("a", "nowhere")[2], VocabularyError)
    monkeypatch.chdir(tmp_path / "a")
    assert run("../b")[0] == 1

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pytest
import typer
from typer.testing import CliRunner

from core.errors import VocabularyError
from ontology import curation_commands
from ontology.release_archive import tree_of
from ontology.term_docs import term_pages, write_term_pages
from ontology.term_pages import slugs, tree_steps
from ontology.tree import Tree
from tests.ontology.small_tree import FILES, SCHEME, edited, write

DEPRECATED = "skos:broader :1 ; <http://www.w3.org/2002/07/owl#deprecated> true ; dct:isReplacedBy :heart ;"


class Page(HTMLParser):
    """Collects links and anchors, and sees to it that every element is closed where it should be."""

    VOID = ("meta", "link", "br", "hr", "img", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.tags: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        assert not self.tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        given = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        if given.get("id"):
            self.anchors.append(str(given["id"]))
        if tag not in self.VOID:
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag


def read(pages: Mapping[str, str]) -> dict[str, Page]:
    return {name: Page(text) for name, text in pages.items() if name.endswith(".html")}


def assert_sound(pages: Mapping[str, str]) -> None:
    parsed = read(pages)
    for name, page in parsed.items():
        assert len(set(page.anchors)) == len(page.anchors), name
        assert not {"script", "img", "iframe"} & page.seen, name
        for link in page.links:
            if link.startswith(("http://", "https://")):
                continue
            path, _, anchor = link.partition("#")
            target = _resolved(PurePosixPath(name).parent / unquote(path)) if path else name
            assert target in pages, f"{name}: {link}"
            assert not anchor or unquote(anchor) in parsed[target].anchors, f"{name}: {link}"


def _resolved(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_all_links_of_the_shipped_vocabularies_lead_somewhere() -> None:
    pages = term_pages(Tree.load())
    assert_sound(pages)
    assert "cancer/LUAD.html" in pages and "modality/CT.html" in pages
    assert "Lung Adenocarcinoma" in pages["cancer/LUAD.html"]
    assert 'href="../cancer/LUAD.html"' in pages["cancer/NSCLC.html"]


def test_the_same_tree_gives_the_same_pages() -> None:
    assert term_pages(edited()) == term_pages(edited())


def test_a_deprecated_concept_is_marked_leads_on_and_is_out_of_the_tree() -> None:
    pages = term_pages(edited(("skos:broader :1 ;", DEPRECATED)))
    assert_sound(pages)
    assert "Deprecated." in pages["organ/3.html"] and 'href="../organ/heart.html"' in pages["organ/3.html"]
    tree, _, retired = pages["organ/index.html"].partition("Deprecated concepts")
    assert "Liver" not in tree and "Liver" in retired
    assert "Liver" not in pages["organ/1.html"]


def test_texts_are_shown_as_texts() -> None:
    pages = term_pages(edited(('"Liver"@en', '"<script>alert(1)</script>"@en'), ("SCT:10200004", "<javascript:x>")))
    assert_sound(pages)
    assert "&lt;script&gt;" in pages["organ/3.html"]
    assert not any(link.startswith("javascript") for page in read(pages).values() for link in page.links)


def test_a_concept_with_several_places_is_spread_out_once_and_a_circle_is_listed() -> None:
    both = edited(("skos:broader :2 ;\n  skos:inScheme", "skos:broader :1, :2 ;\n  skos:inScheme"))
    text = term_pages(both)["organ/index.html"]
    assert text.count(">Heart<") == 2
    circle = edited(("skos:broader :2 ;\n  skos:exactMatch", "skos:broader :4 ;\n  skos:exactMatch"))
    assert_sound(term_pages(circle))
    assert ">Lung<" in term_pages(circle)["organ/index.html"]


def test_a_long_chain_is_no_fault() -> None:
    chain = {"top": ["0"]} | {str(n): [str(n + 1)] for n in range(5000)}
    steps = list(tree_steps(["top"], chain, {str(n) for n in range(5001)} | {"top"}))
    assert sum(step == "down" for step, _ in steps) == sum(step == "up" for step, _ in steps) == 5001


def test_names_of_files_are_safe_and_never_the_same() -> None:
    keys = ["CT", "ct", "text/csv", "../up", ".hidden", "index", "é", "x" * 300, "x" * 301, "a~2F~b", "a/b", ""]
    found = slugs(keys, taken=("index",))
    names = [name.casefold() for name in found.values()]
    assert len(set(names)) == len(keys) and "index" not in names
    assert all("/" not in name and not name.startswith(".") and 0 < len(name) < 200 for name in names)


def test_codes_with_slashes_have_pages() -> None:
    text = FILES["concepts/organ.ttl"].replace('notation "4"', 'notation "../../4"')
    pages = term_pages(tree_of({**FILES, "concepts/organ.ttl": text}, "slashes"))
    assert_sound(pages)
    assert all(".." not in PurePosixPath(name).parts for name in pages)
    assert f"{SCHEME}/4" in pages["organ/~2E~.~2F~..~2F~4.html"]


def test_pages_replace_pages_and_nothing_else(tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert write_term_pages(edited(), output) == 8
    first = sorted(path.relative_to(output) for path in output.rglob("*"))
    (output / "organ/old.html").write_text("x")
    write_term_pages(edited(), output)
    assert sorted(path.relative_to(output) for path in output.rglob("*")) == first
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(VocabularyError, match="name another folder"):
        write_term_pages(edited(), other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "out"]


def test_the_command_writes_pages_of_the_working_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "tree"))
    app = typer.Typer()
    curation_commands.mount(app)
    result = CliRunner().invoke(app, ["docs", "--output", "pages"])
    assert (result.exit_code, result.stdout) == (0, "wrote 8 pages to pages\n")
    assert (tmp_path / "tree/pages/index.html").is_file()

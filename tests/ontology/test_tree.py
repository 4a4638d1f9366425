"""Trees of folders, overlays and revisions; and files that are broken or meant to do harm."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import VocabularyError
from ontology.check import check
from ontology.tree import MAX_LITERAL, Tree
from ontology.vocabulary import Vocabularies
from radiograph import app

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "ontology"
SMALL = ("radiograph.ttl", "concepts/sex.ttl", "concepts/modality.ttl", "concepts/annotation.ttl")
PREFIXES = "@prefix e: <http://e/> .\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name in SMALL:
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHIPPED / name, tmp_path / "tree" / name)
    return tmp_path / "tree"


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=curator", "-c", "user.email=curator@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, timeout=30)


@pytest.fixture
def checkout(small: Path) -> Path:
    folder = small.parent / "checkout"
    shutil.copytree(small, folder / "ontology")
    _git(folder.parent, "init", "--quiet", "--initial-branch", "main", str(folder))
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "one")
    _git(folder, "tag", "v1")
    sex = folder / "ontology" / "concepts" / "sex.ttl"
    sex.write_text(sex.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    _git(folder, "commit", "--quiet", "--all", "--message", "two")
    return folder


def test_the_shipped_tree_is_what_the_program_uses() -> None:
    tree = Tree.load()
    assert not tree.faults
    assert tree.vocabularies().digest == Vocabularies.load().digest
    assert {mapping_set.name for mapping_set in tree.mapping_sets()} >= {"common", "idc"}


def test_statements_know_their_lines() -> None:
    file = Tree.load().schemes["sex"]
    scheme = "https://w3id.org/radiograph/concept/sex"
    title = file.line(scheme, "http://purl.org/dc/terms/title")
    assert title is not None and "dct:title" in file.text.splitlines()[title - 1]
    assert file.line(scheme, "http://purl.org/dc/terms/nothing") == file.line(scheme)
    assert file.line("http://nobody/") is None


@pytest.mark.parametrize("inside", [False, True])
def test_a_folder_with_an_ontology_is_a_tree_of_its_own(small: Path, inside: bool) -> None:
    folder = small
    if inside:
        folder = small.parent / "copy"
        shutil.copytree(small, folder / "ontology")
    tree = Tree.load(folder)
    assert sorted(tree.schemes) == ["annotation", "modality", "sex"]
    assert sorted(tree.vocabularies().schemes) == ["annotation", "modality", "sex"]


def test_a_folder_without_is_laid_over_the_shipped_one(tmp_path: Path) -> None:
    text = (SHIPPED / "concepts" / "sex.ttl").read_text(encoding="utf-8") + "# ours\n"
    (tmp_path / "ontology" / "concepts").mkdir(parents=True)
    (tmp_path / "ontology" / "concepts" / "sex.ttl").write_text(text, encoding="utf-8")
    tree = Tree.load(str(tmp_path))
    assert tree.texts["concepts/sex.ttl"] == text
    assert "concepts/cancer.ttl" in tree.statements
    assert tree.vocabularies().digest == Vocabularies.load(tmp_path).digest


def test_what_an_overlay_adds_is_checked_at_its_own_lines(tmp_path: Path) -> None:
    folder = tmp_path / "ontology" / "concepts" / "additions"
    folder.mkdir(parents=True)
    iri = next(iter(Tree.load().vocabularies().schemes["sex"]))
    text = (
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n\n\n"
        f'<{iri}> skos:altLabel "Man ab"@en .\n<{iri}> skos:altLabel "Man  ab"@en .\n'
    )
    (folder / "sex.ttl").write_text(text, encoding="utf-8")
    tree = Tree.load(tmp_path)
    assert "Man ab" in (tree.vocabularies().concept(iri) or pytest.fail("no concept")).synonyms
    assert [(f.check, f.file, f.line) for f in check(tree)] == [("text-whitespace", "concepts/additions/sex.ttl", 5)]


def test_revisions_are_read_as_they_were(checkout: Path) -> None:
    now, then = (Tree.load(name, checkout=checkout) for name in ("HEAD", "HEAD~1:"))
    assert now.texts["concepts/sex.ttl"] == then.texts["concepts/sex.ttl"] + "# later\n"
    assert Tree.load("rev:v1", checkout=checkout).texts == then.texts
    assert sorted(then.vocabularies().schemes) == ["annotation", "modality", "sex"]
    assert then.place("concepts/sex.ttl") == "ontology/concepts/sex.ttl"


@pytest.mark.parametrize("name", ["nothing", "--output=/dev/null", "HEAD~99", "", ":", "v1;id", "-h"])
def test_what_is_no_revision_is_told(checkout: Path, name: str) -> None:
    with pytest.raises(VocabularyError, match="neither a folder nor a revision"):
        Tree.load(f"rev:{name}", checkout=checkout)


def test_outside_a_checkout_there_are_no_revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(VocabularyError, match="not in a git checkout"):
        Tree.load("HEAD", checkout=tmp_path)


def test_links_in_a_revision_are_not_followed(checkout: Path) -> None:
    (checkout / "ontology" / "concepts" / "link.ttl").symlink_to("/etc/hostname")
    _git(checkout, "add", ".")
    _git(checkout, "commit", "--quiet", "--message", "link")
    tree = Tree.load("HEAD", checkout=checkout)
    assert [(fault.kind, fault.file) for fault in tree.faults] == [("file-outside", "concepts/link.ttl")]


def test_a_folder_without_vocabularies_is_told(tmp_path: Path) -> None:
    for source, message in ((tmp_path, "holds no vocabulary"), (tmp_path / "x", "does not exist")):
        with pytest.raises(VocabularyError, match=message):
            Tree.load(source)


# Files that are broken, or meant to do harm


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200 * 1000 * 1000)


def _outside(path: Path) -> None:
    secret = path.parents[2] / "secret.ttl"
    secret.write_text("<http://e/secret> <http://e/p> <http://e/o> .\n", encoding="utf-8")
    path.symlink_to(secret)


def _text(text: str) -> Callable[[Path], int]:
    return lambda path: path.write_bytes(text.encode())


HOSTILE: dict[str, tuple[Callable[[Path], object], str, int | None]] = {
    "bad Turtle": (_text(PREFIXES + "e:a e:b\n\n'c' e:d .\n"), "turtle-syntax", 4),
    "HTML instead": (_text("<!DOCTYPE html>\n<html></html>\n"), "iri-malformed", 1),
    "Latin-1": (lambda path: path.write_bytes(PREFIXES.encode() + b"e:a e:b 'R\xf6ntgen' .\n"), "file-encoding", 2),
    "UTF-16": (lambda path: path.write_bytes(PREFIXES.encode("utf-16")), "file-encoding", 1),
    "200 MB": (_sparse, "file-too-large", None),
    "a folder": (lambda path: path.mkdir(), "file-unreadable", None),
    "a pipe": (os.mkfifo, "file-unreadable", None),
    "a link out of the tree": (_outside, "file-outside", None),
    "a link in a circle": (lambda path: path.symlink_to(path), "file-unreadable", None),
    "a huge text": (_text(f"{PREFIXES}\ne:a e:b '{'x' * (MAX_LITERAL + 1)}' .\n"), "literal-too-long", 3),
    "a text of many lines": (_text(PREFIXES + "e:a e:b '''" + "x\n" * 2_000_000 + "''' .\n"), "literal-too-long", 2),
    "a bomb of blank nodes": (_text(PREFIXES + "e:a e:b _:x .\n" + "[] e:b [] .\n" * 300_000), "blank-node", 2),
    "nodes in nodes": (
        _text(PREFIXES + "e:a e:b " + "[ e:b " * 500_000 + "1" + " ]" * 500_000 + " .\n"),
        "blank-node",
        2,
    ),
    "lists in lists": (_text(PREFIXES + "e:a e:b " + "(" * 500_000 + ")" * 500_000 + " .\n"), "blank-node", 2),
    "control characters": (_text(PREFIXES + "e:a e:b '\x00\x01' .\n\x02\n"), "turtle-syntax", 3),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_file_is_told_and_the_others_are_read(name: str, small: Path) -> None:
    make, kind, line = HOSTILE[name]
    make(small / "concepts" / "zz.ttl")
    before = _state(small)
    tree = Tree.load(small)
    assert [(fault.kind, fault.file, fault.line) for fault in tree.faults] == [(kind, "concepts/zz.ttl", line)]
    assert sorted(tree.schemes) == ["annotation", "modality", "sex"]
    assert [(f.check, f.file, f.line) for f in check(tree)] == [(kind, "concepts/zz.ttl", line)]
    with pytest.raises(VocabularyError, match=r"zz\.ttl"):
        tree.vocabularies()
    assert _state(small) == before


def _state(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_size) for p in folder.rglob("*"))


@contextmanager
def _listener() -> Iterator[tuple[int, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server.getsockname()[1], server


@pytest.mark.parametrize("command", ["check", "reason"])
def test_imports_are_told_and_nobody_is_called(small: Path, command: str) -> None:
    ontology = small / "radiograph.ttl"
    with _listener() as (port, server):
        circle = "<https://w3id.org/radiograph/ontology> owl:imports <https://w3id.org/radiograph/ontology>"
        text = f"{circle} ,\n  <http://127.0.0.1:{port}/other.ttl> , <file:///etc/hostname> .\n"
        with ontology.open("a", encoding="utf-8") as file:
            file.write(text)
        result = CliRunner().invoke(app, ["ontology", command, str(small), "--format", "json"])
        with pytest.raises(TimeoutError):
            server.accept()
    found = json.loads(result.stdout)
    last = ontology.read_text(encoding="utf-8").count("\n")
    if command == "check":
        assert result.exit_code == 1
        assert {f["line"] for f in found if f["check"] == "imports"} == {last - 1, last}
    else:
        assert (result.exit_code, found) == (0, [])

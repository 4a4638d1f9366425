from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.errors import VocabularyError
from ontology import curation_commands
from ontology.difference import compare
from ontology.release import _Head, _versioned, prepare_release
from ontology.release_archive import kept_tree, kept_versions, tree_of
from ontology.staging import recover
from ontology.tree import Tree
from tests.ontology.small_tree import FILES, edited, write

ROOT = Path(__file__).parents[2]
DAY = datetime.date(2026, 12, 1)
SYNONYM = ('"Hepar"@en', '"Hepar"@en, "Jecur"@en')
GONE = ("  skos:exactMatch SCT:10200004 ;\n", "")


def changed(root: Path, *edits: tuple[str, str]) -> Path:
    for old, new in edits:
        path = root / "concepts/organ.ttl"
        path.write_text(path.read_text().replace(old, new))
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return changed(write(tmp_path / "tree"), SYNONYM)


def test_a_release_changes_versions_and_nothing_else(root: Path) -> None:
    before = {name: (root / name).read_text() for name in FILES}
    prepared = prepare_release(root, "0.2.0", DAY, base=edited())
    assert {name: (root / name).read_text() for name in FILES} == before
    prepared.write()
    ontology = (root / "radiograph.ttl").read_text().splitlines()
    gone = [line for line in before["radiograph.ttl"].splitlines() if line not in ontology]
    come = [line for line in ontology if line not in before["radiograph.ttl"].splitlines()]
    assert gone == [
        "  owl:versionIRI <https://w3id.org/radiograph/ontology/0.1.0> ;",
        '  owl:versionInfo "0.1.0" .',
    ]
    assert come == [
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .",
        '  dct:modified "2026-12-01"^^xsd:date ;',
        "  owl:versionIRI <https://w3id.org/radiograph/ontology/0.2.0> ;",
        '  owl:versionInfo "0.2.0" ;',
        "  owl:priorVersion <https://w3id.org/radiograph/ontology/0.1.0> .",
    ]
    scheme = (root / "concepts/organ.ttl").read_text()
    assert 'owl:versionInfo "0.2.0"' in scheme and "# two names" in scheme and "# Below the abdomen" in scheme
    assert (root / "mappings/common.sssom.tsv").read_text() == before["mappings/common.sssom.tsv"]
    assert (
        "## 0.2.0 - 2026-12-01\n\n### Additive\n\n- organ: synonym added: Liver\n"
        in (root / "CHANGELOG.md").read_text()
    )


def test_both_versions_are_kept_and_the_next_release_starts_from_the_last(root: Path) -> None:
    prepare_release(root, "0.2.0", DAY, base=edited()).write()
    assert kept_versions(root) == ["0.1.0", "0.2.0"]
    assert not compare(kept_tree(root, "0.1.0"), edited()).changes
    assert not compare(kept_tree(root, "0.2.0"), Tree.load(root)).changes
    changed(root, ('"Jecur"@en', '"Jecur"@en, "Iecur"@en'))
    prepare_release(root, "0.10.0", DAY).write()
    assert kept_versions(root) == ["0.1.0", "0.2.0", "0.10.0"]
    log = (root / "CHANGELOG.md").read_text()
    assert log.index("## 0.10.0") < log.index("## 0.2.0")
    assert "ontology/0.2.0>" in (root / "radiograph.ttl").read_text().partition("priorVersion")[2][:60]


def test_the_same_release_has_the_same_bytes(tmp_path: Path) -> None:
    roots = [changed(write(tmp_path / name), SYNONYM) for name in ("one", "two")]
    for root in roots:
        prepare_release(root, "0.2.0", DAY, base=edited()).write()
    assert contents(roots[0]) == contents(roots[1])


@pytest.mark.parametrize(
    ("version", "edits", "reason"),
    [
        ("0.1.0", [], "not greater"),
        ("0.0.9", [], "not greater"),
        ("1.0", [], "no version"),
        ("v1.0.0", [], "no version"),
        ("01.0.0", [], "no version"),
        ("0.1.1", [], "1 additive change"),
        ("0.2.0", [GONE], "1 breaking change"),
        ("0.1.1", [GONE], "1 breaking change"),
        ("0.2.0", [("skos:broader :1", "skos:broader :9")], r"(?s)organ\.ttl, line \d+.*radiograph ontology check"),
        ("0.2.0", [("skos:broader :1", "skos:broader")], r"organ\.ttl, line \d+"),
        ("0.2.0", [(', "Jecur"@en', "")], "would say nothing"),
    ],
)
def test_what_cannot_be_released_is_refused_and_nothing_written(
    root: Path, version: str, edits: list[tuple[str, str]], reason: str
) -> None:
    changed(root, *edits)
    before = contents(root)
    with pytest.raises(VocabularyError, match=reason):
        prepare_release(root, version, DAY, base=edited())
    assert contents(root) == before


def test_a_breaking_change_goes_with_a_major_version(root: Path) -> None:
    prepare_release(changed(root, GONE), "1.0.0", DAY, base=edited()).write()
    assert "### Breaking\n\n- organ: mapping removed: Liver (organ/3)" in (root / "CHANGELOG.md").read_text()


def test_a_changed_mapping_set_has_the_day_as_its_version(root: Path) -> None:
    path = root / "mappings/common.sssom.tsv"
    path.write_text(path.read_text().replace("curator\t0.9", "curator\t0.8"))
    prepare_release(root, "0.2.0", DAY, base=edited()).write()
    assert "# mapping_set_version: 2026-12-01\n" in path.read_text()


def test_in_a_checkout_edits_must_be_committed_and_the_history_gives_the_old_version(tmp_path: Path) -> None:
    top = tmp_path / "checkout"
    root = write(top / "ontology")
    git(tmp_path, "init", "-q", str(top))
    git(top, "add", "-A")
    git(top, "commit", "-qm", "first")
    changed(root, SYNONYM)
    with pytest.raises(VocabularyError, match=r"not committed: ontology/concepts/organ\.ttl"):
        prepare_release(root, "0.2.0", DAY)
    git(top, "commit", "-qam", "second")
    (top / "notes.txt").write_text("not part of the vocabularies")
    prepared = prepare_release(root, "0.2.0", DAY)
    assert [change.kind for change in prepared.difference.changes] == ["synonym-added"]
    assert "releases/0.1.0.tar.xz" in prepared.files


def test_without_a_version_before_one_is_asked_for(root: Path) -> None:
    with pytest.raises(VocabularyError, match="--from"):
        prepare_release(root, "0.2.0", DAY)


@pytest.mark.parametrize("step", range(1, 14))
def test_a_kill_at_any_step_leaves_all_as_before_or_all_new(root: Path, step: int) -> None:
    """A process ends itself at each call that changes the disk; the next command finds all or nothing."""
    script = (
        "import os, sys, datetime, pathlib\n"
        "from ontology import staging\n"
        "left = [int(sys.argv[2])]\n"
        "def killing(call):\n"
        "    def wrapped(*args, **named):\n"
        "        left[0] -= 1\n"
        "        if left[0] == 0: os._exit(9)\n"
        "        return call(*args, **named)\n"
        "    return wrapped\n"
        "for name in ('replace', 'rename', 'unlink', 'mkdir'):\n"
        "    setattr(pathlib.Path, name, killing(getattr(pathlib.Path, name)))\n"
        "staging._write = killing(staging._write)\n"
        "staging.replace_files(pathlib.Path(sys.argv[1]), {'a': b'new a', 'b/c': b'new c', 'd': b'new d'})\n"
    )
    folder = root / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"old a")
    (folder / "d").write_bytes(b"old d")
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(step)], cwd=ROOT, check=False, env={**os.environ}
    )
    recover(folder)
    old, new = {"a": b"old a", "d": b"old d"}, {"a": b"new a", "b/c": b"new c", "d": b"new d"}
    assert contents(folder) in (old, new)
    assert done.returncode == 9 or contents(folder) == new


def test_an_error_on_the_way_undoes_what_was_done(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(root)
    real, calls = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        prepare_release(root, "0.2.0", DAY, base=edited()).write()
    assert contents(root) == before
    assert not list(root.glob(".*"))


def test_a_plan_in_a_foreign_checkout_reaches_nothing_outside(root: Path) -> None:
    (root / ".ready").mkdir()
    (root / ".ready/0.new").write_text("x")
    (root / ".ready/plan.json").write_text('["../outside"]')
    with pytest.raises(VocabularyError, match="outside of the vocabularies"):
        recover(root)
    assert not (root.parent / "outside").exists()


def test_a_damaged_or_foreign_archive_is_told(root: Path) -> None:
    prepare_release(root, "0.2.0", DAY, base=edited()).write()
    path = root / "releases/0.2.0.tar.xz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(VocabularyError, match="damaged"):
        kept_tree(root, "0.2.0")
    with pytest.raises(VocabularyError, match="not kept"):
        kept_tree(root, "9.9.9")


def test_the_shipped_vocabularies_can_be_edited_for_a_release(tmp_path: Path) -> None:
    """Every shipped file takes a version, and keeps its comments."""
    root = tmp_path / "ontology"
    root.mkdir()
    for name in ("radiograph.ttl", "concepts", "mappings"):
        source = ROOT / "ontology" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
    tree = Tree.load(root)
    texts = {
        name: text if name.endswith(".tsv") else text.replace("@en ;", "@en, \"Zyx\"@en ;", 1)
        for name, text in tree.texts.items()
    }  # fmt: skip
    touched = compare(tree, tree_of(texts, "other")).touched()
    released = tree_of(_versioned(tree, _Head.of(tree), "9.0.0", DAY, touched), "released")
    assert {change.kind for change in compare(tree, released).changes} == {"version"}
    for name, text in tree.texts.items():
        assert [x for x in text.splitlines() if x.startswith("#")] == [
            x for x in released.texts[name].splitlines() if x.startswith("#")
        ]


def test_the_command_tells_what_it_wrote_and_a_dry_run_writes_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write(tmp_path / "before")
    monkeypatch.chdir(root)
    app = typer.Typer()
    curation_commands.mount(app)
    arguments = ["release", "0.2.0", "--date", "2026-12-01", "--from", str(before)]
    files = contents(root)
    result = CliRunner().invoke(app, [*arguments, "--dry-run"])
    assert result.exit_code == 0 and "would write CHANGELOG.md" in result.stdout
    assert contents(root) == files
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0 and "0.1.0 → 0.2.0: 0 breaking, 1 additive, 0 editorial" in result.stdout
    assert CliRunner().invoke(app, ["diff", "0.2.0"]).exit_code == 0
    assert CliRunner().invoke(app, ["diff", "0.1.0"]).exit_code == 1

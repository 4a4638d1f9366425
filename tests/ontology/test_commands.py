from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import ontology.commands
from core.errors import InputError, VocabularyError


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, BaseException | None]]:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    ontology.commands.mount(app)
    app.command("other")(lambda: None)

    def invoke(*arguments: str, stdin: bytes = b"") -> tuple[int, str, BaseException | None]:
        result = CliRunner().invoke(app, ["ontology", *arguments], input=stdin)
        return result.exit_code, result.stdout, result.exception

    return invoke


def test_every_line_gets_one_json_object(run: Callable[..., tuple[int, str, BaseException | None]]) -> None:
    stdin = "\ufeffNSCLC\r\n\nPhantom\nwhatever\nLung Cancer, Non-Cancer".encode()
    code, stdout, _ = run("match", "--scheme", "cancer", stdin=stdin)
    answers = [json.loads(line) for line in stdout.splitlines()]
    assert code == 0
    assert [answer["text"] for answer in answers] == ["NSCLC", "", "Phantom", "whatever", "Lung Cancer, Non-Cancer"]
    assert [answer["rule"] for answer in answers] == ["synonym", "none", "label", "none", "compound"]
    assert answers[0]["concepts"] == [
        {
            "iri": "https://w3id.org/radiograph/concept/cancer/NSCLC",
            "label": "Non-Small Cell Lung Cancer",
            "negative": False,
            "codes": ["ONCOTREE:NSCLC", "MONDO:0005233", "NCIT:C2926", "EUCAIM:CLIN1063178"],
        }
    ]
    assert answers[2]["concepts"][0]["negative"] is True
    assert answers[1]["confidence"] == 0.0


def test_a_repository_has_its_own_words(run: Callable[..., tuple[int, str, BaseException | None]]) -> None:
    _, stdout, _ = run("match", "--scheme", "cancer", "--repository", "idc", stdin=b"Clear Cell Carcinoma\n")
    assert json.loads(stdout)["concepts"][0]["iri"].endswith("/CCRCC")


def test_input_that_is_no_text_is_told_with_its_line(
    run: Callable[..., tuple[int, str, BaseException | None]],
) -> None:
    _, _, error = run("match", "--scheme", "cancer", stdin=b"Melanoma\n\xff\xfe\n")
    assert isinstance(error, InputError)
    assert error.where == "standard input, line 2"


def test_an_unknown_scheme_is_told(run: Callable[..., tuple[int, str, BaseException | None]]) -> None:
    _, _, error = run("match", "--scheme", "tumour", stdin=b"x\n")
    assert isinstance(error, VocabularyError)


def test_schemes_are_listed(run: Callable[..., tuple[int, str, BaseException | None]]) -> None:
    _, stdout, _ = run("list", "--json")
    rows = {row["scheme"]: row for row in json.loads(stdout)}
    assert rows["cancer"]["concepts"] > 900
    assert rows["modality"]["iri"] == "https://w3id.org/radiograph/concept/modality"
    _, text, _ = run("list")
    assert "cancer" in text and "Imaging modalities" in text

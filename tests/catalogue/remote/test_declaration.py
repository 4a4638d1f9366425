"""The declaration of an external store: what it says, and that each mistake in it is told by its key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from catalogue.remote.declaration import Auth, Endpoint, Reading, RemoteStore, Writing, remote_store
from core.errors import SettingsError
from tests.catalogue.home import make_settings

ROOT = Path(__file__).parents[3]
ENDPOINT = """
[[endpoint]]
name = "blue"
query = "http://127.0.0.1:8890/sparql"
update = "http://127.0.0.1:8890/sparql-auth"
"""
GREEN = ENDPOINT.replace("blue", "green").replace("8890", "8891")
AUTH = '[auth]\nscheme = "digest"\nuser = "dba"\nsecret_env = "RADIOGRAPH_TEST_SECRET"\n'


def load(path: Path, text: str) -> RemoteStore:
    file = path / "store.toml"
    file.write_text(text, encoding="utf-8")
    declared = remote_store(make_settings(path, store=file))
    assert declared is not None
    return declared


def test_the_embedded_engine_needs_none(tmp_path: Path) -> None:
    assert remote_store(make_settings(tmp_path)) is None


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    declared = load(tmp_path, f'kind = "virtuoso"\n{ENDPOINT}{GREEN}{AUTH}')
    assert declared.names == ("blue", "green") and declared.named("red") is None
    assert declared.auth is not None and not declared.auth.queries
    assert declared.writing.attempts > 1 and declared.grace > 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind = ", "not TOML"),
        (f'kind = "oracle"\n{ENDPOINT}', "kind: "),
        ('kind = "virtuoso"', "endpoint: "),
        (f'kind = "virtuoso"\ncolour = "red"\n{ENDPOINT}', "colour: "),
        (f'kind = "virtuoso"\n{ENDPOINT}{ENDPOINT}', "two endpoints have the same name"),
        (f'kind = "virtuoso"\n{ENDPOINT}{ENDPOINT.replace("blue", "green")}', "two endpoints have the same query"),
        (f'kind = "virtuoso"\n{ENDPOINT}{GREEN}{GREEN.replace("green", "red")}', "endpoint: "),
        (f'kind = "virtuoso"\n{ENDPOINT.replace("http://", "http://dba:secret@")}', "endpoint.0.query: no names"),
        (f'kind = "virtuoso"\n{ENDPOINT.replace("http://", "ftp://")}', "endpoint.0.query: give an http"),
        (f'kind = "virtuoso"\n{ENDPOINT}{AUTH}secret_file = "x"\n', "auth: name either"),
        (f'kind = "virtuoso"\n{ENDPOINT}{AUTH}password = "secret"\n', "auth.password: "),
        (f'kind = "virtuoso"\n{ENDPOINT}{AUTH.replace("digest", "bearer")}', "auth: basic and digest need a user"),
        (f'kind = "virtuoso"\n{ENDPOINT}[writing]\nchunk_triples = 0\n', "writing.chunk_triples: "),
    ],
)
def test_a_mistake_is_told_by_its_key_and_without_its_value(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, text)
    assert problem in str(refused.value) and "secret@" not in str(refused.value)
    assert "store.toml" in str(refused.value)


def test_a_declaration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"RADIOGRAPH_STORE=.*missing\.toml: .*cannot be read"):
        remote_store(make_settings(tmp_path, store=tmp_path / "missing.toml"))


def test_the_operators_guide_shows_declarations_that_work_and_lists_every_key(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert [load(tmp_path, text).kind for text in shown] == ["virtuoso", "oxigraph", "sparql11"]
    parts: dict[str, type[BaseModel]] = {
        "": RemoteStore,
        "endpoint.": Endpoint,
        "auth.": Auth,
        "writing.": Writing,
        "reading.": Reading,
    }
    keys = {prefix + name for prefix, model in parts.items() for name in model.model_fields}
    listed = set(re.findall(r"`([a-z_.]+)`", "".join(re.findall(r"^\| (`[^|]*)\|", guide, re.MULTILINE))))
    assert keys - {"endpoint", "auth", "writing", "reading"} <= listed
    for prefix in ("writing.", "reading."):
        for name, field in parts[prefix].model_fields.items():
            (row,) = re.findall(rf"^\|[^|]*`{prefix}{name}`[^|]*\|([^|]*)\|", guide, re.MULTILINE)
            assert f"`{field.default}`" in row, name


def test_the_secret_is_read_when_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RADIOGRAPH_TEST_SECRET", raising=False)
    auth = load(tmp_path, f'kind = "virtuoso"\n{ENDPOINT}{AUTH}').auth
    assert auth is not None
    with pytest.raises(SettingsError, match="RADIOGRAPH_TEST_SECRET"):
        auth.secret()
    monkeypatch.setenv("RADIOGRAPH_TEST_SECRET", "one")
    assert auth.secret() == "one"
    file = tmp_path / "secret"
    from_file = AUTH.replace('secret_env = "RADIOGRAPH_TEST_SECRET"', f'secret_file = "{file}"')
    auth = load(tmp_path, f'kind = "virtuoso"\n{ENDPOINT}{from_file}').auth
    assert auth is not None
    with pytest.raises(SettingsError, match="cannot be read"):
        auth.secret()
    file.write_text("two\n", encoding="utf-8")
    assert auth.secret() == "two"

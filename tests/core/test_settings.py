"""Settings: read once, from the environment or a file, and refused with the name of the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import RadiographError, SettingsError
from core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"RADIOGRAPH_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_work_without_any_environment() -> None:
    settings = load_settings()
    assert settings.identifiers.base == "http://127.0.0.1:8000"
    assert settings.ledger_path == Path(".radiograph/ledger.sqlite")
    assert settings.releases_path.parent == settings.store_path.parent == settings.home


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", "https://catalogue.example.org/x/")
    monkeypatch.setenv("RADIOGRAPH_PAGE_SIZE", "7")
    settings = load_settings()
    assert settings.page_size == 7
    assert settings.identifiers.base == "https://catalogue.example.org/x"


def test_a_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("RADIOGRAPH_PAGE_SIZE=7\nRADIOGRAPH_TITLE=Mine\nSOMETHING_ELSE=1\n", encoding="utf-8")
    monkeypatch.setenv("RADIOGRAPH_PAGE_SIZE", "8")
    settings = load_settings()
    assert (settings.title, settings.page_size) == ("Mine", 8)


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADIOGRAPH_OVERLAY", "")
    monkeypatch.setenv("RADIOGRAPH_PAGE_SIZE", "")
    assert (load_settings().overlay, load_settings().page_size) == (None, 100)


def test_an_overlay_that_is_no_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("absent", "file"):
        monkeypatch.setenv("RADIOGRAPH_OVERLAY", str(tmp_path / name))
        with pytest.raises(SettingsError, match=r"RADIOGRAPH_OVERLAY.*is no folder"):
            load_settings()


def test_overrides_win_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADIOGRAPH_PAGE_SIZE", "8")
    assert load_settings(page_size=9).page_size == 9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAGE_SIZE", "0"),
        ("PAGE_SIZE", "many"),
        ("KEEP_RELEASES", "0"),
        ("MAX_SHRINK", "1.5"),
        ("QUERY_TIMEOUT", "0"),
        ("QUERY_TIMEOUT", "-1"),
        ("WORKERS", "65"),
        ("STORE", "oracle"),
        ("WORKER_ISOLATION", "maybe"),
        ("BASE_IRI", "catalogue.example.org"),
        ("BASE_IRI", "https://catalogue.example.org/?x=1"),
    ],
)
def test_a_malformed_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"RADIOGRAPH_{name}", value)
    with pytest.raises(RadiographError) as caught:
        load_settings()
    assert f"RADIOGRAPH_{name}" in str(caught.value)
    assert value in str(caught.value)


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, "page_size", 5)  # noqa: B010


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())

"""Who is counted as one client, behind proxies and without, and what happens when one has used up its budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Scope

from api.sparql.clients import MAX_HOPS, client_of
from api.sparql.rates import Rates
from catalogue.store.spending import Spending
from core.errors import RateLimited, SettingsError
from core.settings import Settings, load_settings

PROXIES = ("10.0.0.0/8", "::1", "127.0.0.1")


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"type": "http", "client": (peer, 1) if peer is not None else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("192.0.2.1", (), (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.9",), (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.9",), PROXIES, "192.0.2.1"),
        ("10.1.2.3", ("198.51.100.9",), PROXIES, "198.51.100.9"),
        ("10.1.2.3", ("1.1.1.1, 198.51.100.9",), PROXIES, "198.51.100.9"),
        ("10.1.2.3", ("1.1.1.1, 198.51.100.9, 10.9.9.9",), PROXIES, "198.51.100.9"),
        ("10.1.2.3", ("1.1.1.1", "198.51.100.9", "127.0.0.1"), PROXIES, "198.51.100.9"),
        ("10.1.2.3", ("198.51.100.9, nonsense",), PROXIES, "10.1.2.3"),
        ("10.1.2.3", ("",), PROXIES, "10.1.2.3"),
        ("10.1.2.3", ("198.51.100.9:4711",), PROXIES, "198.51.100.9"),
        ("::1", ("[2001:db8:1:2:3::4]:80",), PROXIES, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", (), (), "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", (), (), "192.0.2.1"),
        ("::ffff:10.1.2.3", ("198.51.100.9",), PROXIES, "198.51.100.9"),
        ("fe80::1%eth0", (), (), "fe80::/64"),
        ("testclient", (), (), ""),
        (None, (), (), ""),
    ],
)
def test_a_client_is_its_address(
    peer: str | None, forwarded: tuple[str, ...], proxies: tuple[str, ...], client: str
) -> None:
    assert client_of(scope(peer, *forwarded), Settings(trusted_proxies=proxies)) == client


@given(st.lists(st.sampled_from(["1.1.1.1", "10.0.0.1", "junk", "", "::", "[", "]", ":", "%", "é"]), max_size=40))
def test_no_header_harms_or_moves_a_client_that_comes_from_elsewhere(hops: list[str]) -> None:
    settings = Settings(trusted_proxies=PROXIES)
    assert client_of(scope("192.0.2.1", ", ".join(hops)), settings) == "192.0.2.1"
    assert client_of(scope("10.0.0.9", ", ".join(hops)), settings)
    assert client_of(scope("10.0.0.9", ", ".join([*hops, "192.0.2.7"])), settings) == "192.0.2.7"


def test_only_the_nearest_hops_are_read() -> None:
    far = ", ".join(["192.0.2.7", *["10.0.0.1"] * (MAX_HOPS + 3)])
    assert client_of(scope("10.0.0.9", far), Settings(trusted_proxies=PROXIES)) == "10.0.0.1"


def test_who_has_used_up_its_budget_is_told_when_to_come_back() -> None:
    now = 0.0
    settings = Settings(client_seconds=10, client_seconds_per_minute=30)
    spending = Spending(settings.client_seconds_per_minute / 60, lambda: now)
    rates = Rates(settings, spending)
    rates.check("a")
    spending.add("a", 12)
    with pytest.raises(RateLimited, match="10 seconds of computing time") as caught:
        rates.check("a")
    assert caught.value.retry_after == 4 and "30 seconds come back" in str(caught.value)
    rates.check("b")
    now = 4.1
    rates.check("a")
    spending.begin("c")
    now = 20
    with pytest.raises(RateLimited):
        rates.check("c")
    assert rates.refused == 2


def test_without_a_limit_nobody_is_refused() -> None:
    spending = Spending(1)
    spending.add("a", 1e9)
    Rates(Settings(client_seconds=0), spending).check("a")


def test_lists_in_settings_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADIOGRAPH_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    monkeypatch.setenv("RADIOGRAPH_SERVICE_ALLOW", "https://a.example/sparql,http://b.example:8080/x?y=1")
    settings = load_settings()
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")
    assert settings.service_allow == ("https://a.example/sparql", "http://b.example:8080/x?y=1")
    for name, value in (
        ("TRUSTED_PROXIES", "proxy.example"), ("SERVICE_ALLOW", "ftp://a.example/"), ("SERVICE_ALLOW", "a.example"),
        ("SERVICE_ALLOW", "https://user:secret@a.example/"), ("SERVICE_ALLOW", "https://a.example/#x"),
    ):  # fmt: skip
        with monkeypatch.context() as wrong:
            wrong.setenv(f"RADIOGRAPH_{name}", value)
            with pytest.raises(SettingsError, match=name):
                load_settings()

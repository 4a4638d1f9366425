"""Every setting of Radiograph, in one place: environment variables ``RADIOGRAPH_*`` (or a ``.env`` file).

A test compares this class with the table in ``docs/operators.md``; a setting that is not documented fails.
"""

from __future__ import annotations

import re
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import SettingsError
from core.identifiers import Identifiers


def _engine(value: object) -> object:
    if value == "embedded" or Path(str(value)).suffix == ".toml":
        return value if value == "embedded" else Path(str(value))
    raise ValueError("use `embedded`, or the path of a TOML file")


class Settings(BaseSettings):
    """The settings; read once at start by :func:`load_settings` and passed on, never looked up again."""

    # A variable that is set to nothing is not set: an empty overlay would be the working directory.
    model_config = SettingsConfigDict(
        env_prefix="RADIOGRAPH_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(Path(".radiograph"), description="Folder that holds all state: ledger, store, releases.")
    base_iri: str = Field(
        "http://127.0.0.1:8000",
        description="Start of every IRI this deployment mints; may have a path. "
        "Fixed in the ledger at the first ingest.",
    )
    store: Annotated[Literal["embedded"] | Path, BeforeValidator(_engine)] = Field(
        "embedded",
        description="The triple store engine: embedded, or the path of a TOML file that declares an external store.",
    )
    overlay: Path | None = Field(
        None,
        description="Folder laid over the shipped ontology/, shapes/, ingest/ and queries/ data files; "
        "a file of the same name wins.",
    )

    title: str = Field("Radiograph", description="Title of the whole catalogue, in its feed and on its pages.")
    description: str = Field(
        "Cancer imaging datasets of many repositories, described in one vocabulary.",
        description="Description of the whole catalogue.",
    )
    publisher_name: str = Field("Radiograph", description="Who publishes the whole catalogue.")
    publisher_url: str = Field("https://w3id.org/radiograph", description="Home page of that publisher.")
    licence: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+$")] | None = Field(
        None, description="IRI of the licence that the descriptions of the whole catalogue are published under."
    )

    page_size: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="Datasets on a page of the feed.")
    keep_releases: Annotated[int, Field(ge=1)] = Field(
        5, description="How many releases stay on disk; at least two do, so that a running service can switch."
    )
    max_shrink: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="Largest share of published datasets that one release may lose unless told to."
    )

    query_timeout: Annotated[float, Field(gt=0)] = Field(30.0, description="Seconds a SPARQL query may take in all.")
    query_queue_timeout: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Seconds a query waits for a free worker before 503."
    )
    query_max_bytes: Annotated[int, Field(ge=1024)] = Field(
        256 * 1024 * 1024, description="Largest answer to one query, in bytes, before the transfer is aborted."
    )
    result_cache_mb: Annotated[int, Field(ge=0, le=65536)] = Field(
        64,
        description="Memory for answers to SPARQL queries that are kept until the next release, in MB; 0 keeps none.",
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(2, description="Query worker processes.")
    worker_memory_mb: Annotated[int, Field(ge=128)] = Field(
        1024, description="Memory a worker may use on top of what the opened store needs, in MB."
    )
    worker_isolation: Literal["on", "off"] = Field(
        "on", description="Whether workers must deny themselves the network; off accepts that they cannot."
    )

    client_seconds: Annotated[float, Field(ge=0)] = Field(
        60.0, description="Seconds of query workers that one client may use at once before 429; 0 sets no limit."
    )
    client_seconds_per_minute: Annotated[float, Field(gt=0)] = Field(
        60.0,
        description="Seconds of query workers that a client gets back each minute; with 60, one that asks one query "
        "after the other is never refused.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses and networks of reverse proxies, separated by commas or spaces, whose "
        "X-Forwarded-For says who the client is.",
    )

    service_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="SPARQL endpoints that SERVICE may name, as IRIs separated by commas or spaces; no other "
        "spelling of the same address is taken.",
    )
    service_timeout: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds that another endpoint may take to answer one SERVICE."
    )
    service_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        10_000, description="Most solutions that one SERVICE may give before the query is refused."
    )
    service_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = Field(
        4 * 1024 * 1024, description="Largest answer of another endpoint to one SERVICE, in bytes."
    )

    validate_bytes: Annotated[int, Field(ge=1024)] = Field(
        10_000_000, description="Largest document that the validation service takes, in bytes."
    )
    validate_timeout: Annotated[float, Field(gt=0)] = Field(
        30.0, description="Seconds that judging one document may take before its process is ended."
    )
    validate_workers: Annotated[int, Field(ge=1, le=64)] = Field(
        2, description="Processes that judge documents; they start when the first one is handed in."
    )
    validate_memory_mb: Annotated[int, Field(ge=384)] = Field(
        1024, description="Memory such a process may use on top of the loaded profiles, in MB."
    )
    validate_addresses: Literal["off", "public", "any"] = Field(
        "public",
        description="Whether the validation service fetches an address that a visitor gives: off; public, ports 80 "
        "and 443 of addresses on the public internet; any, also inside your network.",
    )

    metrics: Literal["on", "off"] = Field("on", description="Whether /metrics gives figures for Prometheus.")
    access_log: Literal["off", "on", "queries"] = Field(
        "off",
        description="Whether standard output gets a line of JSON a request, without addresses: off; on, "
        "queries without their literals; queries, with them.",
    )

    @field_validator("trusted_proxies", "service_allow", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        """Several values in one variable."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value

    @field_validator("service_allow")
    @classmethod
    def _endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for iri in value:
            if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`@/?#]+([/?][^\s<>\"{}|\\^`#]*)?", iri):
                raise ValueError(f"{iri} is no address of an endpoint (http or https, no user name, no fragment)")
        return value

    @cached_property
    def identifiers(self) -> Identifiers:
        return Identifiers(self.base_iri)

    @property
    def ledger_path(self) -> Path:
        return self.home / "ledger.sqlite"

    @property
    def releases_path(self) -> Path:
        return self.home / "releases"

    @property
    def store_path(self) -> Path:
        """The writer store; queries never touch it, they read a release's checkpoint."""
        return self.home / "store"


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment, ``overrides`` first.

    Raises:
        SettingsError: a value is malformed; the message names the variable, the value and what is expected.
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "RADIOGRAPH_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{first['input']!r}: {first['msg']}", where=name, remedy="see docs/operators.md") from None
    settings.identifiers  # noqa: B018  (a malformed base IRI is told at start, not at first use)
    if settings.overlay is not None and not settings.overlay.is_dir():
        raise SettingsError(
            f"{settings.overlay} is no folder", where="RADIOGRAPH_OVERLAY", remedy="name a folder, or unset it"
        )
    return settings

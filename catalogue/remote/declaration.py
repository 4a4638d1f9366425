"""An external triple store as its operator declares it: where it is, how to log in, how much it takes at a time.

``RADIOGRAPH_STORE`` names the TOML file. A secret never stands in it: it names an environment variable or a file.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import SettingsError
from core.settings import Settings

_REMEDY = "docs/operators.md, “An external triple store”, lists the keys"


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("give an http(s) address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no names and passwords in addresses; use [auth]")
    if parts.fragment:
        raise ValueError("an endpoint's address has no fragment")
    return text


Address = Annotated[str, AfterValidator(_address)]
Seconds = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Endpoint(_Strict):
    """One store, with the addresses it is asked and written at; ``graph_store`` is for large graphs."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    query: Address
    update: Address
    graph_store: Address | None = None


class Auth(_Strict):
    """How to log in; ``queries`` says that asking needs it too, not only writing."""

    scheme: Literal["basic", "digest", "bearer"]
    user: str | None = None
    secret_env: str | None = None
    secret_file: Path | None = None
    queries: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Auth:
        if (self.secret_env is None) == (self.secret_file is None):
            raise ValueError("name either secret_env or secret_file")
        if (self.user is None) != (self.scheme == "bearer"):
            raise ValueError("basic and digest need a user, bearer has none")
        return self

    def secret(self) -> str:
        """The password or token, read anew at each call, so that it can be changed.

        Raises:
            SettingsError: there is none where the declaration says.
        """
        if self.secret_env is not None:
            secret, where = os.environ.get(self.secret_env, ""), f"environment variable {self.secret_env}"
        else:
            assert self.secret_file is not None
            where = str(self.secret_file)
            try:
                secret = self.secret_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(
                    f"the external store's secret cannot be read: {error}",
                    where=where,
                    remedy="make it readable, or name another in [auth]",
                ) from None
        if not secret:
            raise SettingsError("the external store's secret is empty", where=where, remedy="put it there")
        return secret


class Writing(_Strict):
    """How releases are written: what one update holds at most, how long it may take, how often it is tried."""

    chunk_triples: Annotated[int, Field(ge=1)] = 4000
    chunk_graphs: Annotated[int, Field(ge=1)] = 150
    chunk_bytes: Annotated[int, Field(ge=1024)] = 1_000_000
    timeout: Seconds = 120.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3


class Reading(_Strict):
    """How queries are asked: connections at a time for each endpoint, and how long connecting may take."""

    connections: Annotated[int, Field(ge=1, le=256)] = 8
    connect_timeout: Seconds = 5.0


class RemoteStore(_Strict):
    """The whole declaration. With two endpoints a release is written to the one that is not serving.

    ``grace`` is how many seconds answers that are still running have to end before the only endpoint is written to.
    """

    kind: Literal["sparql11", "virtuoso", "oxigraph"]
    endpoint: Annotated[tuple[Endpoint, ...], Field(min_length=1, max_length=2)]
    auth: Auth | None = None
    writing: Writing = Writing()
    reading: Reading = Reading()
    grace: Annotated[float, Field(ge=0, le=600)] = 2.0

    @model_validator(mode="after")
    def _apart(self) -> RemoteStore:
        for key in ("name", "query", "update"):
            values = [getattr(endpoint, key) for endpoint in self.endpoint]
            if len(set(values)) < len(values):
                raise ValueError(f"two endpoints have the same {key}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(endpoint.name for endpoint in self.endpoint)

    def named(self, name: str) -> Endpoint | None:
        """The endpoint of this name, if there is one."""
        return next((endpoint for endpoint in self.endpoint if endpoint.name == name), None)

    @classmethod
    def load(cls, path: Path) -> RemoteStore:
        """Read a declaration.

        Raises:
            SettingsError: it cannot be read, or something in it is wrong; the message names the key.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsError(
                f"the declaration of the external store cannot be read: {error.strerror}",
                where=f"RADIOGRAPH_STORE={path}",
                remedy="use `embedded`, or the path of a TOML file",
            ) from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"not TOML: {error}", where=str(path), remedy=_REMEDY) from None
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            problem = first["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{key}: {problem}" if key else problem, where=str(path), remedy=_REMEDY) from None


def remote_store(settings: Settings) -> RemoteStore | None:
    """The external store these settings choose; None where the embedded engine is chosen.

    Raises:
        SettingsError: its declaration is broken.
    """
    return None if settings.store == "embedded" else RemoteStore.load(settings.store)

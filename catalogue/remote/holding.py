"""One release on one endpoint, and whether it is really there.

The release's folder says which endpoint holds it, ``switching.json`` whether that is being written to, and the
store's own marker what it holds. They are looked at when something in the folder of releases has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

from catalogue.remote.asking import Asker
from catalogue.remote.location import Location, Switching
from catalogue.remote.quirks import CONFIGURED_MAXIMUM, MAX_SOLUTIONS, NO_LIMIT
from core.errors import QueryError, QueryUnavailable
from core.identifiers import Identifiers
from core.terms import RADIOGRAPH

#: Seconds that a look at the marker may take, and for how long a bad one is believed.
_PATIENCE = 5.0
_DISBELIEF = 0.25


class Holding:
    """A release that queries are answered from."""

    def __init__(self, store: Path, location: Location, asker: Asker, identifiers: Identifiers) -> None:
        self.store = store
        self.asker = asker
        self.problem = "the external store has not been asked yet"
        """Why it cannot be answered from; empty where it can."""
        self._location = location
        self._identifiers = identifiers
        self._releases = store.parent.parent
        self._alone = False
        self._seen: int | None = None
        self._looked = 0.0
        self._looking = asyncio.Lock()

    @property
    def switching(self) -> bool:
        """Whether the endpoint is being written to, or holds another release already."""
        written = Switching.read(self._releases)
        return written is not None and written.blocks(self._location.endpoint, self._location.release)

    async def ensure(self) -> None:
        """See to it that the release is there; costs one look at a folder unless something has changed.

        Raises:
            QueryUnavailable: it is not, or cannot be asked.
        """
        if not self.problem and self._changed() == self._seen:
            return
        await self.look()
        if self.problem:
            raise QueryUnavailable(self.problem, remedy="try again in a few seconds")

    async def look(self, *, anyhow: bool = False) -> None:
        """Look at the marker, unless somebody just did; what was found is :attr:`problem`."""
        async with self._looking:
            changed = self._changed()
            now = asyncio.get_running_loop().time()
            if changed == self._seen and now - self._looked < _DISBELIEF and not anyhow:
                return
            if self.problem:
                self.asker.most_solutions = None  # it may come back with other settings
            self.problem = await self._find_problem()
            self._seen, self._looked = changed, now

    async def still_there(self) -> bool:
        """Whether the marker is still this release's, however often that was asked."""
        return not await self._find_problem()

    async def _find_problem(self) -> str:
        if self.switching:
            return "a new release is being written to the triple store"
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._marker()
                if found != self._location:
                    return "the triple store holds another release, or one that is not whole"
                foreign = await self._foreign()
                await self._learn_limit()
        except QueryError as error:
            return error.message
        except TimeoutError:
            return "the triple store behind this endpoint does not answer"
        return f"the triple store shows graphs that are not of this catalogue, such as {foreign}" if foreign else ""

    async def _marker(self) -> Location | None:
        graph = self._identifiers.graph("release")
        names = {str(RADIOGRAPH.releaseNumber): "release", str(RADIOGRAPH.lastEvent): "event"}
        names[str(RADIOGRAPH.ledgerIdentifier)] = "ledger"
        rows = await self._rows(f"SELECT ?p ?o WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        values = {names[row["p"]]: row["o"] for row in rows if row.get("p") in names}
        try:
            return Location(self._location.endpoint, int(values["release"]), values["ledger"], int(values["event"]))
        except (KeyError, ValueError):
            return None

    async def _foreign(self) -> str:
        """A graph that is not this deployment's, where queries see one; looked for once, and in Virtuoso only."""
        if self.asker.kind != "virtuoso" or self._alone:
            return ""
        base = self._identifiers.base
        ours = f'?g = <{base}> || STRSTARTS(STR(?g), "{base}/")'
        # Without the inner limit it would filter every quad and not every graph, which takes fifteen times as long.
        graphs = f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }} LIMIT {NO_LIMIT}"
        rows = await self._rows(f"SELECT ?g WHERE {{ {{ {graphs} }} FILTER(!({ours})) }} LIMIT 1")
        self._alone = not rows
        return rows[0]["g"] if rows else ""

    async def _learn_limit(self) -> None:
        """Ask Virtuoso for its own limit to solutions; where it does not tell, each graph has to be looked at."""
        if self.asker.kind == "virtuoso" and self.asker.most_solutions is None:
            with contextlib.suppress(QueryError):
                rows = await self._rows(f"SELECT ({CONFIGURED_MAXIMUM} AS ?most) WHERE {{}}")
                said = rows[0].get("most", "") if rows else ""
                most = int(said) if said.isdigit() else 0
                self.asker.most_solutions = min(most or MAX_SOLUTIONS, MAX_SOLUTIONS)

    async def _rows(self, query: str) -> list[dict[str, str]]:
        exchange = await self.asker.ask(query, "application/sparql-results+json", _PATIENCE)
        body = await self.asker.read(exchange, 4 * 1024 * 1024)
        try:
            bindings = json.loads(body)["results"]["bindings"]
            return [{name: str(term["value"]) for name, term in row.items()} for row in bindings]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self.asker.unavailable("what it says is no SPARQL result in JSON") from None

    def _changed(self) -> int | None:
        """When something in the folder of releases came or went."""
        try:
            return self._releases.stat().st_mtime_ns
        except OSError:
            return None

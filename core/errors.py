"""The one exception tree of Radiograph.

::

    RadiographError                     something a person must act on; always has a remedy
    ├── SettingsError                   a setting is missing, malformed or contradicts the ledger
    ├── IdentifierError                 an identifier cannot become, or is not, one of our IRIs
    ├── InputError                      input cannot be read; names the file and where in it
    │   ├── FetchError                  an address did not answer with what could be read
    │   ├── RecordError                 one record of a source is unusable; the others go on
    │   └── DescriptionError            an RDF description is malformed (cyclic, too large, foreign subjects)
    ├── VocabularyError                 a concept scheme, mapping set or context is broken
    ├── ProfileError                    a profile declaration or its shapes are broken
    ├── CatalogueError                  what we keep cannot do what was asked
    │   ├── LedgerError                 the ledger is locked, newer than the program, or inconsistent
    │   ├── ReleaseError                a release cannot be made, found or switched to
    │   ├── StoreError                  the triple store is missing or damaged
    │   └── SearchError                 the search index is missing or the search text is malformed
    └── QueryError                      a SPARQL query was not answered
        ├── QuerySyntaxError            it is not SPARQL 1.1
        ├── QueryForbidden              it asks for what this endpoint does not do (update, SERVICE, LOAD)
        ├── QueryTooComplex             it nests deeper or is longer than the guard allows
        ├── QueryTimeout                it ran into its deadline and was ended
        ├── QueryTooLarge               its answer, or its working memory, outgrew the limit
        ├── ServiceError                an endpoint that the query asks by SERVICE did not answer
        ├── QueryUnavailable            no worker was free in time, or none can run
        └── RateLimited                 its client has used up what it may use for now
"""

from __future__ import annotations


class RadiographError(Exception):
    """Something a person must act on.

    ``message`` says what is wrong; ``where`` says in which file, row, record or setting; ``remedy`` says
    how to mend it. ``str()`` joins the three into one readable line.
    """

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


class SettingsError(RadiographError):
    """A setting is missing, malformed or contradicts the ledger."""


class IdentifierError(RadiographError):
    """An identifier cannot become, or is not, one of our IRIs."""


class InputError(RadiographError):
    """Input cannot be read."""


class FetchError(InputError):
    """An address did not answer, or not with what could be read."""


class RecordError(InputError):
    """One record of a source is unusable; the others go on."""


class DescriptionError(InputError):
    """An RDF description is malformed: cyclic, too large, or with subjects it does not own."""


class VocabularyError(RadiographError):
    """A concept scheme, mapping set or context is broken."""


class ProfileError(RadiographError):
    """A profile declaration or its shapes are broken."""


class CatalogueError(RadiographError):
    """What we keep cannot do what was asked."""


class LedgerError(CatalogueError):
    """The ledger is locked, newer than the program, or inconsistent."""


class ReleaseError(CatalogueError):
    """A release cannot be made, found or switched to."""


class StoreError(CatalogueError):
    """The triple store is missing or damaged."""


class SearchError(CatalogueError):
    """The search index is missing or the search text is malformed."""


class QueryError(RadiographError):
    """A SPARQL query was not answered."""


class QuerySyntaxError(QueryError):
    """The query is not SPARQL 1.1."""


class QueryForbidden(QueryError):
    """The query asks for what this endpoint does not do."""


class QueryTooComplex(QueryError):
    """The query nests deeper, or is longer, than the guard allows."""


class QueryTimeout(QueryError):
    """The query ran into its deadline and was ended."""


class QueryTooLarge(QueryError):
    """The answer, or the memory it needs, outgrew the limit."""


class QueryUnavailable(QueryError):
    """No worker was free in time, or none can run."""


class ServiceError(QueryError):
    """An endpoint that the query asks by SERVICE did not answer, or not with what can be used."""


class RateLimited(QueryError):
    """The client has used up what it may use for now; after ``retry_after`` seconds it may ask again."""

    def __init__(
        self, message: str, *, where: str | None = None, remedy: str | None = None, retry_after: int = 60
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.retry_after = retry_after

"""What a source yields: one neutral record a dataset, in the source's own words.

A record is plain data (it round-trips through JSON) because the ledger keeps it: when vocabularies or
mappings change, every description can be derived again without the source.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
#: A facet whose raw texts are harmonised; the same names as the properties of the ontology.
Facet = Literal["modality", "annotationType", "bodyPart", "condition", "species", "scannerManufacturer", "software"]


#: What a record's own statements call its dataset; nodes of it are called so as well, followed by # and a name.
DESCRIBED = "urn:radiograph:described"


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceDistribution(_Plain):
    """One way to get the data. ``identifier`` is stable within the dataset; ``licence`` is raw text or an address."""

    identifier: str
    title: str | None = None
    description: str | None = None
    access_url: str | None = None
    download_url: str | None = None
    licence: str | None = None
    media_type: str | None = None
    format: str | None = None
    byte_size: Count | None = None


class SourceStratum(_Plain):
    """Counts of one cell of modality × body part × sex; the dimensions are concept IRIs (see :mod:`ingest.strata`)."""

    modality: str
    body_part: str
    sex: str
    subjects: Count
    studies: Count
    series: Count


class SourceRecord(_Plain):
    """One dataset as its repository describes it.

    ``identifier`` is the local id (IDC: collection id; a table: its id column). ``publisher_identifier`` is the
    first publisher's own identifier where the source knows one. ``terms`` holds raw texts by facet, in the
    order of the source. ``derived_from`` names other records of the same repository by local id. ``location``
    says where in the input the record stood ("row 17", "collections_index, collection_id 4d_lung"). ``remarks``
    is what the source noticed about the record and a steward should know; it is reported, not published.
    ``statements`` is what a source says in RDF, as N-Triples about :data:`DESCRIBED` and its nodes; such a record has
    nothing else than this, its identifier and kind, what it is derived from, and what was read from the statements.
    """

    identifier: str
    kind: Literal["images", "annotations"] = "images"
    location: str = ""
    title: str | None = None
    description: str | None = None
    publisher_identifier: str | None = None
    dois: tuple[str, ...] = ()
    other_identifiers: tuple[str, ...] = ()
    source_iri: str | None = None
    landing_page: str | None = None
    keywords: tuple[str, ...] = ()
    issued: str | None = None
    modified: str | None = None
    version: str | None = None
    provenance: str | None = None
    citations: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    distributions: tuple[SourceDistribution, ...] = ()
    terms: dict[Facet, tuple[str, ...]] = Field(default_factory=dict)
    subjects: Count | None = None
    studies: Count | None = None
    series: Count | None = None
    byte_size: Count | None = None
    strata: tuple[SourceStratum, ...] = ()
    derived_from: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    statements: str | None = None


class SourceFault(_Plain):
    """One record that cannot be used, told to the person who can mend it; the others go on.

    ``location`` is where ("row 17"), ``message`` what is wrong, ``remedy`` how to mend it. An ``error`` is a record
    that is not described, a ``warning`` a value that was lost, ``info`` what is worth telling and needs no mending.
    """

    location: str
    message: str
    remedy: str
    identifier: str | None = None
    severity: Literal["error", "warning", "info"] = "error"

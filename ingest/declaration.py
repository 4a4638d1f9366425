"""A repository as its operator declares it: what it is called, who publishes it, what its descriptions must meet.

Declarations are TOML files in ``ingest/repositories``; a file of the same name in the overlay wins. From one of them
come the repository's ``dcat:Catalog`` with its agent and contact, and what holds for all of its descriptions.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from rdflib import Graph, Literal, URIRef

from catalogue.entries import RepositoryEntry
from core.canonical import canonical_ntriples
from core.errors import SettingsError
from core.identifiers import Identifiers
from core.terms import ACCESS_RIGHT, ADMS, CV, DATA_THEME, DCAT, DCT, FOAF, RDF, SKOS, VCARD, XSD, new_graph
from ingest.addresses import web_address
from ingest.strict_toml import parse_strictly, read_text

LANGUAGE = "http://publications.europa.eu/resource/authority/language/"
THEMES = URIRef("http://publications.europa.eu/resource/authority/data-theme")
#: The ADMS publisher types, which DCAT-AP wants for ``dct:type`` of a catalogue's publisher.
PUBLISHER_TYPE = "http://purl.org/adms/publishertype/"
_PUBLISHER_TYPES = URIRef(PUBLISHER_TYPE + "1.0")

_CODE = re.compile(r"[A-Za-z0-9_-]+")
_REMEDY = "docs/tables.md lists the keys of a declaration"


def _address(text: object) -> object:
    if not isinstance(text, str):
        return text
    address = web_address(text)
    if address.iri is None:
        raise ValueError(address.remark)
    return str(address.iri)


def _in_authority(authority: str) -> BeforeValidator:
    """Complete a code (``ENG``) with its authority's address; a whole address stays."""

    def complete(text: object) -> object:
        if not isinstance(text, str) or "://" in text:
            return _address(text)
        if not _CODE.fullmatch(text):
            raise ValueError(f"{text!r} is neither a code nor an address")
        return authority + text

    return BeforeValidator(complete)


def _publisher_type(text: object) -> object:
    if isinstance(text, str) and "://" not in text and text not in publisher_types():
        raise ValueError(f"{text!r} is no publisher type; use one of {', '.join(publisher_types())}, or an address")
    return PUBLISHER_TYPE + text if isinstance(text, str) and "://" not in text else _address(text)


Address = Annotated[str, BeforeValidator(_address)]
Text = Annotated[str, Field(min_length=1)]
Email = Annotated[str, Field(pattern=r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Publisher(_Strict):
    """Who publishes the repository; ``identifiers`` are addresses such as its ROR."""

    name: Text
    url: Address | None = None
    type: Annotated[str, BeforeValidator(_publisher_type)] | None = None
    identifiers: tuple[Address, ...] = ()
    email: Email | None = None
    contact_page: Address | None = None


class Contact(_Strict):
    """Where to ask: an office, not a person."""

    name: Text
    email: Email | None = None
    url: Address | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Contact:
        if self.email is None and self.url is None:
            raise ValueError("give an email or a url: a contact must be reachable")
        return self


class Defaults(_Strict):
    """What holds for a description that does not say otherwise; EU authority codes or addresses."""

    language: Annotated[str, _in_authority(LANGUAGE)] = LANGUAGE + "ENG"
    access_rights: Annotated[str, _in_authority(str(ACCESS_RIGHT))] | None = None
    theme: Annotated[str, _in_authority(str(DATA_THEME))] = str(DATA_THEME) + "HEAL"


class RepositoryDeclaration(_Strict):
    """One repository. ``gate`` is the profile its descriptions must meet to be published.

    ``public`` says that what the source holds may be seen by anyone; where it is false, reports and logs name neither
    files nor values. Counts of fewer than ``k`` people are withheld.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
    title: Text
    description: Text
    homepage: Address | None = None
    gate: Text = "dcat-ap"
    public: bool = False
    k: Annotated[int, Field(ge=1)] = 10
    publisher: Publisher
    contact: Contact
    defaults: Defaults = Defaults()

    @classmethod
    def parse(cls, text: str, name: str) -> RepositoryDeclaration:
        """Read a declaration; ``name`` is its file's name for messages.

        Raises:
            SettingsError: it is not TOML, or has a key or value that a declaration does not have.
        """
        declaration = parse_strictly(cls, text, name, _REMEDY)
        if name.removesuffix(".toml") != declaration.id:
            raise SettingsError(
                f"the file is named for {name.removesuffix('.toml')!r} and declares {declaration.id!r}",
                where=f"{name}, id",
                remedy="name the file as the repository",
            )
        return declaration

    @classmethod
    def load(cls, repository: str, overlay: Path | None = None) -> RepositoryDeclaration:
        """The declaration of one repository.

        Raises:
            SettingsError: there is none, or it is malformed.
        """
        files = _files(overlay)
        if repository not in files:
            raise SettingsError(
                f"repository {repository!r} is not declared",
                where=f"ingest/repositories/{repository}.toml",
                remedy=f"add that file to the folder RADIOGRAPH_OVERLAY, or use one of: {', '.join(files)}",
            )
        return cls.parse(files[repository], f"{repository}.toml")

    @classmethod
    def all(cls, overlay: Path | None = None) -> tuple[RepositoryDeclaration, ...]:
        """All declarations, sorted by id.

        Raises:
            SettingsError: one of them is malformed.
        """
        return tuple(cls.parse(text, f"{name}.toml") for name, text in _files(overlay).items())

    def catalogue_iri(self, identifiers: Identifiers) -> URIRef:
        return identifiers.catalogue(self.id)

    def publisher_iri(self, identifiers: Identifiers) -> URIRef:
        return identifiers.agent(self.id, "publisher")

    def contact_iri(self, identifiers: Identifiers) -> URIRef:
        return identifiers.agent(self.id, "contact")

    def catalogue_graph(self, identifiers: Identifiers) -> Graph:
        """The repository's ``dcat:Catalog``, publisher and contact (DCAT-AP 3.0.1, Catalogue, Agent, Kind).

        Datasets are not listed: what the catalogue holds is known from the release.
        """
        graph = new_graph()
        catalogue = self.catalogue_iri(identifiers)
        graph.add((catalogue, RDF.type, DCAT.Catalog))
        graph.add((catalogue, DCT.title, Literal(self.title, lang="en")))
        graph.add((catalogue, DCT.description, Literal(self.description, lang="en")))
        graph.add((catalogue, DCT.publisher, self.publisher_iri(identifiers)))
        graph.add((catalogue, DCAT.contactPoint, self.contact_iri(identifiers)))
        graph.add((catalogue, DCT.language, URIRef(self.defaults.language)))
        graph.add((catalogue, DCAT.themeTaxonomy, THEMES))
        if self.homepage is not None:
            graph.add((catalogue, FOAF.homepage, URIRef(self.homepage)))
        self._add_publisher(graph, identifiers)
        self._add_contact(graph, identifiers)
        return graph

    def entry(self, identifiers: Identifiers) -> RepositoryEntry:
        """The declaration as the ledger keeps it."""
        return RepositoryEntry(
            id=self.id,
            title=self.title,
            ntriples=canonical_ntriples(self.catalogue_graph(identifiers)),
            gate=self.gate,
            declaration_hash=hashlib.sha256(self.model_dump_json().encode()).hexdigest(),
        )

    def _add_publisher(self, graph: Graph, identifiers: Identifiers) -> None:
        agent, publisher = self.publisher_iri(identifiers), self.publisher
        # Both classes: DCAT-AP's shapes ask for foaf:Agent and validators need not reason over FOAF.
        for kind in (FOAF.Agent, FOAF.Organization):
            graph.add((agent, RDF.type, kind))
        graph.add((agent, FOAF.name, Literal(publisher.name, lang="en")))
        if publisher.url is not None:
            graph.add((agent, FOAF.homepage, URIRef(publisher.url)))
        if publisher.type is not None:
            graph.add((agent, DCT.type, URIRef(publisher.type)))
            _describe_publisher_type(graph, publisher.type)
        for number, text in enumerate(publisher.identifiers, 1):
            identifier = URIRef(f"{agent}#identifier-{number}")
            graph.add((agent, ADMS.identifier, identifier))
            graph.add((identifier, RDF.type, ADMS.Identifier))
            graph.add((identifier, SKOS.notation, Literal(text, datatype=XSD.anyURI)))
        if publisher.email is not None or publisher.contact_page is not None:
            point = URIRef(f"{agent}#contact")
            graph.add((agent, CV.contactPoint, point))
            graph.add((point, RDF.type, CV.ContactPoint))
            if publisher.email is not None:
                graph.add((point, CV.email, Literal(publisher.email)))
            if publisher.contact_page is not None:
                graph.add((point, CV.contactPage, URIRef(publisher.contact_page)))

    def _add_contact(self, graph: Graph, identifiers: Identifiers) -> None:
        contact = self.contact_iri(identifiers)
        for kind in (VCARD.Kind, VCARD.Organization):
            graph.add((contact, RDF.type, kind))
        graph.add((contact, VCARD.fn, Literal(self.contact.name, lang="en")))
        if self.contact.email is not None:
            graph.add((contact, VCARD.hasEmail, URIRef(f"mailto:{self.contact.email}")))
        if self.contact.url is not None:
            graph.add((contact, VCARD.hasURL, URIRef(self.contact.url)))


def _describe_publisher_type(graph: Graph, iri: str) -> None:
    """Say what an ADMS publisher type is; other lists are the vocabularies' to describe."""
    label = publisher_types().get(iri.removeprefix(PUBLISHER_TYPE))
    if label is not None:
        graph.add((URIRef(iri), RDF.type, SKOS.Concept))
        graph.add((URIRef(iri), SKOS.prefLabel, Literal(label, lang="en")))
        graph.add((URIRef(iri), SKOS.inScheme, _PUBLISHER_TYPES))


@cache
def publisher_types() -> dict[str, str]:
    """The ADMS publisher types, code to English name."""
    return tomllib.loads((resources.files("ingest") / "publisher_types.toml").read_text(encoding="utf-8"))


def _files(overlay: Path | None) -> dict[str, str]:
    """The texts of all declarations by id; the overlay's win."""
    shipped = resources.files("ingest") / "repositories"
    texts = {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in shipped.iterdir()
        if entry.name.endswith(".toml")
    }
    folder = overlay / "ingest" / "repositories" if overlay else None
    if folder and folder.is_dir():
        texts |= {path.stem: read_text(path, _REMEDY) for path in folder.glob("*.toml")}
    return dict(sorted(texts.items()))

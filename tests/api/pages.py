"""What pages are tested with: a catalogue with one hostile dataset, and a page taken apart."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

from catalogue.description import Candidate, StoredDescription
from catalogue.entries import RepositoryEntry
from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.settings import Settings, load_settings
from core.terms import DCAT, DCT, RADIOGRAPH, RDF
from tests.catalogue import samples

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
NASTY = "</script><img src=x onerror=alert(1)>\"'&"
DATASET = f"{samples.DATASETS}one/"


class Page(HTMLParser):
    """A page taken apart: addresses, ids, labels, text, JSON-LD."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str | None] = set()
        self.inputs: list[str | None] = []
        self.tags: list[str] = []
        self.text = ""
        self.json_ld = ""
        self._in_json_ld = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        self._in_json_ld = tag == "script"
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        self.addresses += [value for name in ("href", "src", "action") if (value := attributes.get(name))]
        if (identifier := attributes.get("id")) is not None:
            self.ids.append(identifier)
        if tag == "label":
            self.labels.add(attributes.get("for"))
        if tag in {"input", "textarea"} and attributes.get("type") != "hidden":
            self.inputs.append(attributes.get("id"))

    def handle_data(self, data: str) -> None:
        if self._in_json_ld:
            self.json_ld += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._in_json_ld = False


def publish_pages(home: Path) -> Settings:
    """The samples and a hostile dataset, published in a new home."""
    settings = load_settings(home=home, base_iri="https://example.org")
    with Ledger.open(settings, create=True) as ledger:
        for repository, title in samples.TITLES.items():
            ledger.declare(RepositoryEntry(repository, title, _agents(repository), "dcat-ap", "1"))
            with ledger.run(repository, "test") as run:
                for one in [*samples.descriptions(), _hostile()]:
                    if one.repository == repository:
                        run.submit(_candidate(one.iri, repository, one.identifier, one.ntriples))
                run.finish(complete=True, report={})
    publish(settings, samples.vocabularies())
    return settings


def _agents(repository: str) -> bytes:
    base = "https://example.org"
    agent = f"{base}/agent/{repository}/publisher"
    name = f"Publisher {repository.capitalize()}"
    return (
        f'<{agent}> <http://xmlns.com/foaf/0.1/name> "{name}"@en .\n'
        f"<{base}/catalogue/{repository}> <{RDF.type}> <{DCAT.Catalog}> .\n"
    ).encode()


def _hostile() -> StoredDescription:
    iri = f"{DATASET}hostile"
    title = NASTY.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f"<{iri}> <{RDF.type}> <{RADIOGRAPH.ImagingDataset}> .",
        f'<{iri}> <{DCT.title}> "{title}"@en .',
        f'<{iri}> <{DCT.description}> "{title} hostile javascript:alert(2)"@en .',
        f'<{iri}> <{DCAT.keyword}> "{title}"@en .',
        f'<{iri}> <{DCT.identifier}> "javascript:alert(2)" .',
        f"<{iri}> <{DCAT.landingPage}> <javascript:alert(3)> .",
        f"<{iri}> <{DCT.isReferencedBy}> <javascript:alert(4)> .",
        f"<{iri}> <{RADIOGRAPH.modality}> <javascript:alert(5)> .",
    ]
    return samples.describe(iri, ("\n".join(sorted(lines)) + "\n").encode())


def _candidate(iri: str, repository: str, identifier: str, ntriples: bytes) -> Candidate:
    verdict = {"profile": "dcat-ap", "conforms": True, "violations": 0, "warnings": 1}
    finding = {
        "record": iri, "path": str(DCT.description), "severity": "warning", "profile": "dcat-ap", "message": NASTY,
    }  # fmt: skip
    return Candidate(
        iri=iri,
        repository=repository,
        identifier=identifier,
        ntriples=ntriples,
        report=json.dumps({"record": iri, "verdicts": [verdict], "findings": [finding]}),
        conforms_to=(),
        accepted=True,
        source_record="{}",
    )

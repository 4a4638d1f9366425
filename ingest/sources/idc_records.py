"""Records of the rows of the Imaging Data Commons' index; the rules are told in :mod:`ingest.sources.idc`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.identifiers import normalise_doi
from ingest.addresses import doi_address
from ingest.dates import date_literal
from ingest.imaging import PHANTOMS
from ingest.prose import plain_line, plain_text
from ingest.record import Facet, SourceDistribution, SourceRecord
from ingest.sources.idc_counts import Counts, SeriesCounts
from ingest.sources.idc_tables import IdcTables
from ontology.harmoniser import Harmoniser

_PORTAL = "https://portal.imaging.datacommons.cancer.gov/explore/filters/?collection_id="
_MEDIA_TYPE = "application/dicom"
_DOI = re.compile(r"10\.\d{4,9}/[^\s<>\"]+")
#: Registrants of data archives (TCIA, Zenodo): their DOIs in a text name data, not a publication about it.
_ARCHIVES = ("10.7937/", "10.5281/")
_SILENT = {"", "UNKNOWN", "NOT_APPLICABLE", "NOT_DOCUMENTED"}
#: As a place or a kind of cancer it says nothing, so it is no keyword.
_NO_KEYWORD = "various"
_PARTIES = (
    ("data_contributor", "Contributed to the Imaging Data Commons by"),
    ("source_data_provider", "Source data from"),
    ("deidentification_party", "De-identified by"),
    ("dicom_conversion_by", "Converted to DICOM by"),
)


class IdcRecords:
    """Makes records of rows; ``counts`` are of the same tables."""

    def __init__(self, tables: IdcTables, counts: SeriesCounts, harmoniser: Harmoniser, repository: str) -> None:
        self._tables = tables
        self._counts = counts
        self._harmoniser = harmoniser
        self._repository = repository
        self._holders = Counter(doi for row in tables.collections for doi in set(_dois(row["sources"] or ())))
        self._analysis_dois = set(_dois({"source_doi": row["source_DOI"]} for row in tables.analyses))

    def collection(self, row: dict[str, Any], location: str) -> SourceRecord:
        identifier = row["collection_id"]
        counts = self._counts.collections.get(identifier)
        sources = sorted(row["sources"] or (), key=lambda source: _precedence(source, identifier))
        original = [source for source in sources if source["source_type"] == "original_data"]
        declared = [code for source in sources for code in _listed(source.get("modalities"))]
        conditions = self._terms(row["cancer_types"], "cancer")
        places = self._terms(row["tumor_locations"], "anatomy")
        stated: dict[Facet, tuple[str, ...]] = {
            "condition": conditions,
            "bodyPart": places,
            "species": self._terms(row["species"], "species"),
        }
        return SourceRecord(
            identifier=identifier,
            kind="images",
            location=location,
            title=_line(row["collection_name"]) or identifier,
            description=_prose(row["description"]),
            publisher_identifier=self._publisher_identifier(original, identifier),
            dois=tuple(dict.fromkeys(_dois(original))),
            source_iri=_PORTAL + identifier,
            landing_page=_PORTAL + identifier,
            keywords=_keywords(conditions, places, _listed(row["supporting_data"]), _programme(row["program_id"])),
            provenance=_joined(_provenance(source.get("provenance")) for source in original),
            citations=_citations(original),
            references=self._publications(row["description"], original),
            distributions=tuple(self._distributions(identifier, sources)),
            derived_from=(),
            **self._counted(row, counts, stated, declared, self._doubts(sources)),
        )

    def analysis(self, row: dict[str, Any], location: str) -> SourceRecord:
        identifier = row["analysis_result_id"]
        counts = self._counts.analyses.get(identifier)
        doi = normalise_doi(row["source_DOI"] or "")
        source = {
            "source_id": identifier,
            "source_title": row["analysis_result_title"],
            "source_doi": row["source_DOI"],
            "source_url": row["source_url"],
            "license": row,
        }
        address = row["source_url"] or (doi_address(doi) if doi else None)
        collections = {*_listed(row["collections"]), *(counts.collections if counts else ())}
        return SourceRecord(
            identifier=identifier,
            kind="annotations",
            location=location,
            title=_line(row["analysis_result_title"]) or identifier,
            description=_prose(row["description"]),
            publisher_identifier=doi_address(doi) if doi else None,
            dois=(doi,) if doi else (),
            source_iri=address,
            landing_page=address,
            provenance=_provenance(row["provenance"]),
            citations=_citations([row]),
            references=self._publications(row["description"], [row]),
            distributions=(self._distribution(identifier, source, counts.byte_size if counts else None),),
            derived_from=tuple(sorted(collections)),
            **self._counted(
                row, counts, self._species_of(collections), _listed(row["modalities"]), self._doubts([source])
            ),
        )

    def _species_of(self, collections: set[str]) -> dict[Facet, tuple[str, ...]]:
        """The species of an analysis result is that of the collections analysed, where they all have the same one.

        Where one is of phantoms nothing is said: the index calls many of them human.
        """
        analysed = [row for row in self._tables.collections if row["collection_id"] in collections]
        stated = {row["species"] for row in analysed}
        if len(stated) != 1 or any(self._is_of_phantoms(row) for row in analysed):
            return {}
        terms = self._terms(next(iter(stated)), "species")
        return {"species": terms} if len(terms) == 1 else {}

    def _is_of_phantoms(self, row: dict[str, Any]) -> bool:
        matches = (
            self._harmoniser.match(term, scheme, repository=self._repository)
            for column, scheme in (("cancer_types", "cancer"), ("tumor_locations", "anatomy"))
            for term in self._terms(row[column], scheme)
        )
        return any(concept.iri in PHANTOMS for match in matches for concept in match.concepts)

    def _counted(
        self,
        row: dict[str, Any],
        counts: Counts | None,
        stated: dict[Facet, tuple[str, ...]],
        declared: Sequence[str],
        doubts: Iterable[str],
    ) -> dict[str, Any]:
        """What comes from the series rows, or from what is declared where there is none."""
        if counts is None:
            remark = "the index has no series of it; counts and modalities are as declared"
            terms = stated | {"modality": tuple(dict.fromkeys(declared))}
            return {"subjects": row["subjects"], "terms": _filled(terms), "modified": _date(row["updated"])} | {
                "remarks": (remark, *doubts)
            }
        terms = dict(counts.terms)
        for facet, texts in stated.items():
            terms[facet] = tuple(dict.fromkeys((*texts, *terms.get(facet, ()))))
        issued, modified, version = self._history(row["updated"], counts)
        return {
            "subjects": counts.subjects,
            "studies": counts.studies,
            "series": counts.series,
            "byte_size": counts.byte_size,
            "strata": counts.strata,
            "terms": _filled(terms),
            "issued": issued,
            "modified": modified,
            "version": version,
            "remarks": (*_differences(row["subjects"], declared, counts), *doubts),
        }

    def _history(self, updated: str | None, counts: Counts) -> tuple[str | None, str | None, str | None]:
        versions = self._tables.versions
        issued = _date(versions.get(counts.first_version or 0))
        revised = _date(versions.get(counts.last_version or 0))
        given = _date(updated)
        modified = given if given and (issued is None or given >= issued) else revised
        return issued, modified, str(counts.last_version) if counts.last_version else None

    def _publisher_identifier(self, original: Sequence[dict[str, Any]], identifier: str) -> str | None:
        """``original`` is in order of precedence."""
        own = _dois(source for source in original if source["source_id"] == identifier)
        first = next(iter(own), None)
        return doi_address(first) if first and self._holders[first] == 1 else None

    def _publications(self, description: str | None, cited: Iterable[dict[str, Any]]) -> tuple[str, ...]:
        texts = " ".join([description or "", *(source.get("citation") or "" for source in cited)])
        found = (normalise_doi(text.rstrip(").,;]")) for text in _DOI.findall(texts))
        dois = {doi for doi in found if doi and self._is_publication(doi)}
        return tuple(doi_address(doi) for doi in sorted(dois))

    def _is_publication(self, doi: str) -> bool:
        return doi not in self._holders and doi not in self._analysis_dois and not doi.startswith(_ARCHIVES)

    def _distributions(self, identifier: str, sources: Sequence[dict[str, Any]]) -> Iterator[SourceDistribution]:
        """One a source; where sources share an identifier, all but the first have their DOI in it as well."""
        taken: set[str] = set()
        for source in sources:
            name, doi = source["source_id"] or identifier, (source["source_doi"] or "").lower()
            name = f"{name}-{doi.replace('/', '-')}" if name in taken else name
            taken.add(name)
            yield self._distribution(name, source, self._counts.sizes.get((identifier, doi)))

    def _distribution(self, name: str, source: dict[str, Any], size: int | None) -> SourceDistribution:
        doi = normalise_doi(source["source_doi"] or "")
        return SourceDistribution(
            identifier=name,
            title=_line(source.get("source_title")),
            access_url=source.get("source_url") or (doi_address(doi) if doi else None),
            licence=self._licence(source.get("license") or {}),
            media_type=_MEDIA_TYPE,
            byte_size=size,
        )

    def _licence(self, licence: dict[str, Any]) -> str | None:
        """The address of a licence, else its name; None where they are of two licences, since neither is sure."""
        address, name = licence.get("license_url"), licence.get("license_short_name")
        return None if self._are_two(address, name) else address or name

    def _are_two(self, address: str | None, name: str | None) -> bool:
        meant = [
            self._harmoniser.match(text or "", "licence", repository=self._repository).concepts
            for text in (address, name)
        ]
        return all(meant) and meant[0] != meant[1]

    def _doubts(self, sources: Iterable[dict[str, Any]]) -> Iterator[str]:
        for source in sources:
            licence = source.get("license") or {}
            address, name = licence.get("license_url"), licence.get("license_short_name")
            if self._are_two(address, name):
                yield f"the licence of {source['source_doi']} is {name} by name, {address} by address; none is stated"

    def _terms(self, text: str | None, scheme: str) -> tuple[str, ...]:
        found = self._harmoniser.terms(text or "", scheme, repository=self._repository)
        return tuple(dict.fromkeys(term for term in found if term))


def _precedence(source: dict[str, Any], identifier: str) -> tuple[bool, bool, bool, str]:
    contributor = (source.get("provenance") or {}).get("data_contributor")
    return (
        source["source_type"] != "original_data",
        source["source_id"] != identifier,
        contributor == "IDC",
        (source["source_doi"] or "").lower(),
    )


def _differences(subjects: int | None, declared: Sequence[str], counts: Counts) -> Iterator[str]:
    if subjects is not None and subjects != counts.subjects:
        yield f"the index declares {subjects} subjects, its series are of {counts.subjects}"
    held = {*counts.terms.get("modality", ()), *counts.terms.get("annotationType", ())}
    absent = sorted(set(declared) - held)
    if absent:
        yield f"the index declares {', '.join(absent)}, but has no such series"


def _provenance(provenance: dict[str, str | None] | None) -> str | None:
    named = [(words, (provenance or {}).get(key) or "") for key, words in _PARTIES]
    return " ".join(f"{words} {party}." for words, party in named if party not in _SILENT) or None


def _keywords(*groups: Iterable[str]) -> tuple[str, ...]:
    distinct = {keyword.casefold(): keyword for group in groups for keyword in group}
    distinct.pop(_NO_KEYWORD, None)
    return tuple(distinct.values())


def _programme(programme: str | None) -> tuple[str, ...]:
    """ "community" says only that it is of no programme."""
    return (programme,) if programme and programme != "community" else ()


def _citations(sources: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    lines = (_line(source.get("citation")) for source in sources)
    return tuple(dict.fromkeys(line for line in lines if line))


def _dois(sources: Iterable[dict[str, Any]]) -> list[str]:
    found = (normalise_doi(source["source_doi"] or "") for source in sources)
    return [doi for doi in found if doi]


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


def _filled(terms: dict[Facet, tuple[str, ...]]) -> dict[Facet, tuple[str, ...]]:
    return {facet: texts for facet, texts in terms.items() if texts}


def _joined(texts: Iterable[str | None]) -> str | None:
    return " ".join(dict.fromkeys(text for text in texts if text)) or None


def _date(text: str | None) -> str | None:
    day = (text or "").strip()[:10]
    return day if len(day) == 10 and date_literal(day) is not None else None


def _line(text: str | None) -> str | None:
    return plain_line(text or "") or None


def _prose(text: str | None) -> str | None:
    return plain_text(text or "") or None

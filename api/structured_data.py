"""schema.org JSON-LD for the page of a dataset: what dataset search engines read."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from api.rendering import is_web_address
from catalogue.summary import DatasetSummary, DistributionSummary

#: Search engines want at least 50 and at most 5000 characters of description.
_MAX_DESCRIPTION = 5000


def dataset_json_ld(summary: DatasetSummary, *, publisher: str | None, catalogue: str, catalogue_iri: str) -> Markup:
    """The document as it may stand in a ``<script>``: no character of it can end the element."""
    document: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": summary.iri,
        "url": summary.iri,
        "name": summary.title,
        "description": summary.description[:_MAX_DESCRIPTION],
        "identifier": [
            one for one in (summary.publisher_identifier, *(i.notation for i in summary.identifiers)) if one
        ],
        "keywords": [
            *summary.keywords,
            *(t.label for facet in ("cancer", "body_part", "modality") for t in summary.concepts.get(facet, ())),
        ],
        "license": [licence.iri for licence in summary.licences],
        "measurementTechnique": [term.label for term in summary.concepts.get("modality", ())],
        "citation": list(summary.citations),
        "isBasedOn": list(summary.derived_from),
        "sameAs": summary.landing_page if summary.landing_page and is_web_address(summary.landing_page) else None,
        "publisher": {"@type": "Organization", "name": publisher} if publisher else None,
        "datePublished": summary.issued,
        "dateModified": summary.modified,
        "version": summary.version,
        "isAccessibleForFree": True if summary.access and summary.access.iri.endswith("/PUBLIC") else None,
        "distribution": [_download(one) for one in summary.distributions],
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": catalogue_iri, "name": catalogue},
    }
    return script_json({key: value for key, value in document.items() if value not in (None, [], "")})


def script_json(document: Any) -> Markup:
    """JSON in which ``<``, ``>``, ``&`` and the line separators of JavaScript are escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _download(distribution: DistributionSummary) -> dict[str, Any]:
    entry = {
        "@type": "DataDownload",
        "name": distribution.title,
        "contentUrl": distribution.download_url,
        "url": distribution.access_url,
        "encodingFormat": distribution.media_type,
        "license": distribution.licence.iri if distribution.licence else None,
        "contentSize": str(distribution.byte_size) if distribution.byte_size else None,
    }
    return {key: value for key, value in entry.items() if value}

"""What a judging process does with a document: read it, judge it, write what was found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from api.validation.messages import PAGE, TABLES, Job
from api.validation.view import page_view
from core.errors import InputError
from ingest.forms import FormReader
from ontology.vocabulary import Vocabularies
from shapes.checks import Checks
from shapes.document import Document
from shapes.documents import Judgement, judge
from shapes.formats import Format, write
from shapes.forms.layout import Layout
from shapes.lifting_rules import Lifting
from shapes.profiles import Profiles
from shapes.reader import parse_document
from shapes.validator import Validator

#: Bytes of a report that are sent; a larger one serves nobody.
LARGEST = 64_000_000


class NotReadable(Exception):
    """The document cannot be read."""

    def __init__(self, reason: InputError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TooLarge(Exception):
    """The report is larger than is sent."""


class Judges:
    """Everything that documents are judged by, loaded once."""

    def __init__(self, validator: Validator, forms: FormReader, checks: Checks, rules: Lifting) -> None:
        self._validator = validator
        self._forms = forms
        self._checks = checks
        self._rules = rules

    @classmethod
    def load(cls, overlay: Path | None) -> Judges:
        """Load profiles, vocabularies, checks and rules of lifting, and prepare the shapes.

        Raises:
            RadiographError: a declaration, shape or vocabulary is broken.
        """
        profiles, vocabularies = Profiles.load(overlay), Vocabularies.load(overlay)
        forms = FormReader(profiles, vocabularies, Layout.load(overlay))
        return cls(Validator(profiles, vocabularies), forms, Checks.load(overlay), Lifting.load(overlay))

    def answer(self, job: Job, data: bytes) -> bytes:
        """Judge ``data`` and write what was found in the job's format.

        Raises:
            NotReadable: it is not of its format.
            InputError: it describes nothing that can be judged.
            TooLarge: the report is larger than ``LARGEST``.
        """
        try:
            document = self._read(job, data)
        except InputError as error:
            raise NotReadable(error) from None
        judgement = judge(
            document, self._validator, profiles=job.profiles or None, checks=self._checks, rules=self._rules
        )
        answer = _written(judgement, job.format)
        if len(answer) > LARGEST:
            raise TooLarge(f"the report on this document is larger than {LARGEST // 1_000_000} MB")
        return answer

    def _read(self, job: Job, data: bytes) -> Document:
        """The document of a job: a filled form, or RDF.

        Raises:
            InputError: it is not of its format.
        """
        suffix = TABLES.get(job.media_type or "", job.suffix)
        if suffix in TABLES.values():
            name = job.name if job.name.lower().endswith(suffix) else f"{job.name}{suffix}"
            document = self._forms.document(Path(name), data)
            if document is not None:
                return replace(document, name=job.name)
        return parse_document(data, name=job.name, media_type=job.media_type, suffix=job.suffix)


def _written(judgement: Judgement, form: str) -> bytes:
    if form == PAGE:
        return json.dumps(page_view(judgement)).encode()
    return write([judgement], Format(form)).encode("utf-8", "replace")

"""Reads filled forms: each row becomes the graph of a dataset, and every value keeps the place of its cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rdflib import URIRef

from core.errors import InputError, ProfileError
from core.settings import load_settings
from core.terms import new_graph
from ingest.form_row import FilledRow, Remark, RowReader, cell_text
from ingest.form_table import (
    FormSheet,
    columns,
    could_be_form,
    find_form,
    identifier_column,
    rows,
)
from ingest.sources.spreadsheet import MAX_FILE_BYTES
from ontology.vocabulary import Vocabularies
from shapes.document import Document, Position, Positions
from shapes.forms.definition import FormMaker
from shapes.forms.field import Form
from shapes.forms.layout import Layout
from shapes.profiles import Profiles

#: More rows than this are no work of stewards; other tables are read with a mapping file.
MAX_ROWS = 10_000
#: More remarks than this are not kept: the file is then wrong as a whole.
_MAX_REMARKS = 200


@dataclass(frozen=True, slots=True)
class FilledForm:
    """All rows of a form, in order; a row that cannot be read has a problem and an empty graph.

    ``positions`` has the cells of all values, and of a value that is missing the cell it would be in. ``remarks`` are
    about the table as a whole; ``complete`` is false where the end of the file is missing.
    """

    name: str
    form: Form
    rows: tuple[FilledRow, ...]
    positions: Positions
    remarks: tuple[Remark, ...]
    has_identifiers: bool
    complete: bool


class FormReader:
    """Recognises and reads filled forms of all declared profiles."""

    def __init__(self, profiles: Profiles, vocabularies: Vocabularies, layout: Layout) -> None:
        self._profiles = profiles
        self._vocabularies = vocabularies
        self._maker = FormMaker(profiles, vocabularies, layout)
        self._forms: dict[tuple[str, str], Form] = {}

    @classmethod
    def load(cls, overlay: Path | None = None) -> FormReader:
        """The reader for the shipped profiles and vocabularies, and those of the overlay over them."""
        return cls(Profiles.load(overlay), Vocabularies.load(overlay), Layout.load(overlay))

    def document(self, path: Path, data: bytes, *, max_rows: int = MAX_ROWS) -> Document | None:
        """The filled form as a document to judge; None where the data is no table at all.

        Raises:
            InputError: it is a table but no form, has no filled row or too many, or a row that cannot be read.
        """
        if not could_be_form(data, path.suffix):
            return None
        found = find_form(data, path.name)
        if found is None:
            raise InputError(
                "the table is no form: its first row has no names of properties, such as dct:title",
                where=f"{path.name}, row 1",
                remedy="make a form with `radiograph template`, or ingest the table with a mapping file",
            )
        filled = self.read(found, path.name, max_rows=max_rows)
        graph = new_graph()
        for row in filled.rows:
            if row.row.problem is not None:
                raise InputError(row.row.problem, where=f"{path.name}, {row.row.location}", remedy=row.row.remedy)
            for statement in row.statements:
                graph.add(statement)
        remarks = (*filled.remarks, *(remark for row in filled.rows for remark in row.remarks))
        told = tuple(map(str, remarks[:_MAX_REMARKS]))
        return Document(str(path), graph, filled.positions, remarks=told, profiles=(filled.form.profile.id,))

    def read(self, found: FormSheet, name: str, *, max_rows: int = MAX_ROWS) -> FilledForm:
        """Read the form that was found in a file; ``name`` is what messages call the file.

        Raises:
            InputError: it is of a profile that is not declared, or has no filled row or too many.
        """
        form = self._form(found, name)
        known, unknown = columns(found, form)
        remarks = [*_release_remark(found, form), *_unknown_remarks(unknown)]
        identifiers = identifier_column(known)
        reader = RowReader(form, known, self._vocabularies, found.name)
        filled: list[FilledRow] = []
        taken: set[str] = set()
        for row, told in rows(found, form):
            if told is not None:
                remarks.append(Remark(Position(row=row.number), told, "clear its first cell if it is a dataset"))
                continue
            if len(filled) == max_rows:
                raise InputError(f"the form has more than {max_rows:,} filled rows", where=name, remedy="split it")
            identifier = cell_text(row, identifiers)
            fresh = bool(identifier) and identifier not in taken
            taken.add(identifier)
            local = f"dataset:{quote(identifier, safe='')}" if fresh else f"row-{row.number}"
            filled.append(reader.read(row, identifier, URIRef(f"urn:radiograph:{local}")))
        if not filled:
            raise InputError(
                "the form has no filled row", where=name, remedy="fill a row a dataset, below the rows of guidance"
            )
        complete = not found.sheet.truncated
        return FilledForm(
            name, form, tuple(filled), reader.positions, tuple(remarks), identifiers is not None, complete
        )

    def _form(self, found: FormSheet, name: str) -> Form:
        """The form that the mark names, or without a mark the one that has most of the columns."""
        if found.mark is None:
            forms = [self.form(profile.id) for profile in self._profiles]
            return max(forms, key=lambda form: sum(column.field is not None for column in columns(found, form)[0]))
        try:
            return self.form(found.mark.profile.strip(), found.mark.level.strip())
        except ProfileError as error:
            raise InputError(
                f"the form is of {found.mark.profile!r}: {error.message}", where=f"{name}, row 1", remedy=error.remedy
            ) from None

    def form(self, profile_id: str, level: str = "") -> Form:
        key = (profile_id, level)
        if key not in self._forms:
            self._forms[key] = self._maker.form(profile_id, self._maker.level(profile_id, level) if level else None)
        return self._forms[key]


def _release_remark(found: FormSheet, form: Form) -> Iterable[Remark]:
    if found.mark is not None and found.mark.release and found.mark.release.strip() != form.profile.release:
        label = form.profile.label
        yield Remark(
            Position(row=1, sheet=found.name),
            f"the form is of {label} {found.mark.release} and is read as one of {form.title}",
            "take a new form where columns have changed",
        )


def _unknown_remarks(names: Iterable[str]) -> Iterable[Remark]:
    for name in names:
        yield Remark(
            Position(row=1, column=name),
            "the column is none of the form; its cells are not read",
            "name it as a property, such as dct:title@en, or leave it if it is only for yourself",
        )


def filled_form(path: Path) -> Document | None:
    """The filled form in a file, by the profiles of the settings; None where the file is no table.

    Raises:
        InputError: as :meth:`FormReader.document`.
    """
    if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return None
    data = path.read_bytes()
    return FormReader.load(load_settings().overlay).document(path, data) if could_be_form(data, path.suffix) else None

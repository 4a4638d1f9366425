"""A form as a table: the row of machine names and the rows of guidance above the steward's own rows."""

from __future__ import annotations

import csv
import io

from shapes.forms.field import Field, Form, Kind, Need

#: What the first cells of the rows of guidance begin with.
GUIDANCE = "#"
#: Between several values in one cell.
SEPARATOR = "|"
#: How the labels of columns are marked; the sign says it without colour.
SIGNS = {Need.MANDATORY: "*", Need.CONDITIONAL: "(*)", Need.RECOMMENDED: "(r)", Need.OPTIONAL: ""}

_FORMATS = {
    Kind.DATE: "A date such as 2024-03-31, or only the month (2024-03) or the year.",
    Kind.WHOLE: "A whole number.",
    Kind.DECIMAL: "A number such as 0.0007.",
    Kind.BOOLEAN: "yes or no.",
    Kind.LINK: "A web address.",
}


def guidance(form: Form) -> list[list[str]]:
    """The rows above the steward's: machine names, headings, labels, demands, help and examples."""
    fields = form.fields
    sections = [f.section if i == 0 or f.section != fields[i - 1].section else "" for i, f in enumerate(fields)]
    return [
        [form.mark, *(str(field.key) for field in fields)],
        [f"{GUIDANCE}section", *sections],
        [f"{GUIDANCE}label", *(label(field) for field in fields)],
        [f"{GUIDANCE}wanted", *(field.demand for field in fields)],
        [f"{GUIDANCE}help", *(help_text(field) for field in fields)],
        [f"{GUIDANCE}example", *(example(field) for field in fields)],
    ]


def label(field: Field) -> str:
    """What people call the column, with the sign of how badly it is wanted."""
    language = f" ({field.language})" if field.language else ""
    return f"{field.label}{language} {SIGNS[field.need]}".strip()


def help_text(field: Field) -> str:
    """What to write in the column."""
    return " ".join(filter(None, (sentence(field.help), _format(field), _number(field))))


def example(field: Field) -> str:
    """A right cell."""
    values = field.examples if field.several else field.examples[:1]
    return f" {SEPARATOR} ".join(values)


def as_csv(form: Form) -> bytes:
    """The form as CSV in UTF-8, with the byte order mark that spreadsheet programs know it by."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(guidance(form))
    return text.getvalue().encode("utf-8-sig")


def sentence(text: str) -> str:
    """A text with a full stop."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _format(field: Field) -> str:
    if field.codes is not None:
        return "Choose from the list." if field.codes.closed else "Choose from the list, or give a web address."
    if field.kind is Kind.LINK and field.examples and "@" in field.examples[0] and "://" not in field.examples[0]:
        return "An e-mail address."
    return _FORMATS.get(field.kind, "")


def _number(field: Field) -> str:
    return f"Several are set apart by {SEPARATOR}." if field.several else ""

"""Plain text from the HTML and hard-wrapped text of repositories."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import pairwise

#: Only these elements are taken for markup: "(< 18 years)" and "a<b" are text.
_ELEMENTS = (
    "a|abbr|b|big|blockquote|br|cite|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|q|s|small|span|strong|sub"
    "|sup|table|tbody|td|th|thead|tr|u|ul"
)
_HIDDEN = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"</?(?:blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|table|tr|ul)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
#: IDC wraps its texts at this column.
_WRAP = 100
#: XML 1.0 §2.2: no escape can bring these into RDF/XML. Lone surrogates cannot be written at all.
_UNWRITABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SENTENCE_END = (".", ":", "!", "?", ".)", '."')


def plain_text(text: str) -> str:
    """Return ``text`` without markup, entities resolved once, paragraphs kept and hard wraps undone.

    Paragraphs are separated by an empty line. A line break counts as a paragraph's end where markup says so, where an
    empty line follows, or where a sentence ends although the next word would still have fitted on the line.
    """
    visible = _BREAK.sub("\n\n", _HIDDEN.sub(" ", text))
    visible = html.unescape(_TAG.sub("", visible))
    lines = [_one_line(line) for line in visible.splitlines()]
    paragraphs: list[list[str]] = [[]]
    for line, following in pairwise([*lines, ""]):
        if line:
            paragraphs[-1].append(line)
        if not line or _ends_paragraph(line, following):
            paragraphs.append([])
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph)


def plain_line(text: str) -> str:
    """Return ``text`` without markup, as one line: for titles, keywords and citations."""
    return " ".join(plain_text(text).split())


def writable(text: str) -> str:
    """Return ``text`` without what surrounds it and without characters that RDF/XML cannot hold."""
    return _UNWRITABLE.sub("", text).strip()


def _one_line(line: str) -> str:
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in line)
    return " ".join(_UNWRITABLE.sub(" ", kept).split())


def _ends_paragraph(line: str, following: str) -> bool:
    first_word = following.split(" ", 1)[0]
    return line.endswith(_SENTENCE_END) and len(line) + 1 + len(first_word) <= _WRAP

"""What no query sees of a vocabulary tree: prefixes, line ends, and characters that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.terms import PREFIXES
from ontology.check_profile import Profile
from ontology.finding import Finding
from ontology.tree import Statements, Tree

#: Zero-width and direction marks, and control characters other than tab and line ends.
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
#: Namespaces that a prefix stands for everywhere in Radiograph.
_USUAL = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
#: Strings, IRIs and comments: there a colon is no prefix.
_QUOTED = re.compile(r'""".*?"""|\'(?:[^\'\\\n]|\\.)*\'|"(?:[^"\\\n]|\\.)*"|<[^>\n]*>|#[^\n]*', re.S)
_DECLARATION = re.compile(r"^\s*@?prefix\s+([^\s:]*):.*$", re.I | re.M)
_PREFIX = re.compile(r"(?<![\w:.-])([^\W\d_][\w.-]*)?:(?=[\w%:\\])")


def text_findings(tree: Tree, profile: Profile) -> Iterator[Finding]:
    """What is odd about the texts of the files."""
    for name, text in tree.texts.items():
        if name not in tree.statements and name.endswith(".ttl"):
            continue
        for kind, line, said in _lines(text, name.endswith(".tsv")):
            yield from _of(profile, kind, name, line, **said)
        if name in tree.statements:
            for kind, line, said in _prefixes(tree.statements[name]):
                yield from _of(profile, kind, name, line, **said)


def _of(profile: Profile, check: str, file: str, line: int | None, **said: str) -> Iterator[Finding]:
    finding = profile.finding(check, file, line, **said)
    if finding is not None:
        yield finding


def _lines(text: str, is_table: bool) -> Iterator[tuple[str, int | None, dict[str, str]]]:
    if text and ("\r" in text or not text.endswith("\n")):
        yield "line-ends", text.count("\n") + 1 if "\r" not in text else text.count("\n", 0, text.find("\r")) + 1, {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.endswith((" ", "\t")) and not is_table:
            yield "line-whitespace", number, {}
        for found in _INVISIBLE.findall(line):
            yield "unexpected-character", number, {"value": f"U+{ord(found):04X}"}


def _prefixes(file: Statements) -> Iterator[tuple[str, int | None, dict[str, str]]]:
    lines = {found[1]: file.text.count("\n", 0, found.end()) + 1 for found in _DECLARATION.finditer(file.text)}
    names = _QUOTED.sub(" ", _DECLARATION.sub(" ", file.text))
    used = {found[1] or "" for found in _PREFIX.finditer(names)}
    for prefix, namespace in file.prefixes.items():
        if prefix not in used:
            yield "prefix-unused", lines.get(prefix), {"value": f"{prefix}:"}
        if _USUAL.get(prefix, namespace) != namespace:
            yield "prefix-other", lines.get(prefix), {"value": f"{prefix}:", "other": f"<{_USUAL[prefix]}>"}

"""Two spellings of one name become one string: what the harmoniser compares when the exact text is unknown."""

from __future__ import annotations

import re
import unicodedata

#: British to American roots; both occur in sources and in the terminologies.
_ROOTS = {
    "anaes": "anes",
    "caecum": "cecum",
    "coeliac": "celiac",
    "colour": "color",
    "foet": "fet",
    "goitre": "goiter",
    "gynaec": "gynec",
    "haem": "hem",
    "leukaem": "leukem",
    "licence": "license",
    "oedema": "edema",
    "oesophag": "esophag",
    "paed": "ped",
    "phaeochrom": "pheochrom",
    "tumour": "tumor",
}
_ROOT = re.compile("|".join(sorted(_ROOTS, key=len, reverse=True)))
_APOSTROPHE = re.compile(r"['’`´]")
_SEPARATOR = re.compile(r"[\W_]+")
#: Words that end in s without being a plural.
_SINGULAR = frozenset({"atlas", "diabetes", "fundus", "pancreas", "series", "species", "whereas"})
_UNSPECIFIED = re.compile(r"\bnot otherwise specified\b")
_SIDE = re.compile(r"^(?:left and right|right and left|left|right|bilateral|both)\s+", re.IGNORECASE)
FILLERS = frozenset({"a", "and", "in", "of", "the"})


def fold(text: str) -> str:
    """Case, compatibility forms and white space made one; nothing else."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def normalise(text: str) -> str:
    """Case, accents, punctuation, hyphens and underscores, British spelling and plurals made one; idempotent."""
    for _ in range(8):
        again = _pass(text)
        if again == text:
            break
        text = again
    return text


def without_unspecified(normalised: str) -> str:
    """A normalised text without "NOS": that a name is not further specified does not make it another name."""
    return " ".join(word for word in normalised.split() if word != "nos")


def without_side(text: str) -> str:
    """A text without the side it starts with: the left breast is a breast."""
    return _SIDE.sub("", text.strip(), count=1)


def words(normalised: str) -> str:
    """The words of a normalised text in alphabetical order, without fillers: "cancer of the lung" is "lung cancer"."""
    return " ".join(sorted(word for word in normalised.split() if word not in FILLERS))


def address(text: str) -> str | None:
    """A web address without what does not matter (http or https, www, final slash), or None if it is none."""
    scheme, separator, rest = text.strip().casefold().partition("://")
    if scheme not in {"http", "https"} or not separator or len(rest.split()) != 1:
        return None
    return rest.removeprefix("www.").strip("/") or None


def _pass(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).replace("&", " and ")
    plain = _ROOT.sub(lambda found: _ROOTS[found.group()], _APOSTROPHE.sub("", plain))
    return _UNSPECIFIED.sub("nos", " ".join(_singular(word) for word in _SEPARATOR.sub(" ", plain).split()))


def _singular(word: str) -> str:
    if len(word) <= 3 or word in _SINGULAR or not word.endswith("s"):
        return word
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("stases"):
        return word[:-2] + "is"
    if word.endswith("uses") and len(word) > 6:
        return word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ss", "us", "is")):
        return word
    return word[:-1]

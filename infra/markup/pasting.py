"""What Word, Google Docs and LibreOffice mean by the styles that they paste. No style is kept as it is."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

_BOLD = 600
_LEVEL = re.compile(r"\blevel([0-9]{1,2})\b")
_LINES = {"underline": "underline", "line-through": "strike-through"}
_NUMBERED = re.compile(r"\W*\w+[.)]")


def styles_in(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the declarations of a `style` attribute, in small letters."""
    parts = (one.partition(":") for one in attributes.get("style", "").lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in parts}


def marks_by_style(styles: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield the decorators that styles put on, or take off."""
    weight = styles.get("font-weight", "")
    if weight in {"bold", "bolder", "normal", "lighter"} or weight.isdecimal():
        yield "strong", int(weight[:6]) >= _BOLD if weight.isdecimal() else weight.startswith("bold")
    if (slant := styles.get("font-style")) in {"italic", "oblique", "normal"}:
        yield "em", slant != "normal"
    lines = f"{styles.get('text-decoration', '')} {styles.get('text-decoration-line', '')}".split()
    yield from ((mark, True) for line, mark in _LINES.items() if line in lines)
    if styles.get("vertical-align") in {"super", "sub"}:
        yield "sup" if styles["vertical-align"] == "super" else "sub", True


def is_unseen(styles: Mapping[str, str]) -> bool:
    """Whether an element is not text: hidden, or the bullet or number that Word draws before an item."""
    return styles.get("display") == "none" or styles.get("mso-hide") == "all" or styles.get("mso-list") == "ignore"


def word_level(styles: Mapping[str, str]) -> int | None:
    """Return the level of an item that Word writes as a paragraph; None of any other paragraph."""
    level = _LEVEL.search(styles.get("mso-list", ""))
    return int(level[1]) or 1 if level else None


def is_numbered(marker: str) -> bool:
    """Whether what Word draws before an item is a number or letter, and no bullet."""
    return _NUMBERED.match(marker) is not None


def unwrapped(href: str) -> str:
    """Return where a link leads that Google Docs leads through itself."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return href
    if parts.hostname != "www.google.com" or parts.path != "/url":
        return href
    target = parse_qs(parts.query).get("q", [""])[0]
    return target if target.startswith(("http://", "https://")) else href

"""XML, made as a tree: what stands in a text can never be markup, and no character breaks the document."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def root(tag: str, **attributes: str) -> Element:
    """Return a document's root; a namespace is declared as an attribute, with `_` for the colon."""
    return Element(tag, _named(attributes))


def add(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    """Return a new element at the end of another."""
    child = SubElement(parent, tag, _named(attributes))
    child.text = None if text is None else _kept(text)
    return child


def document(root: Element) -> bytes:
    """Return the bytes of a document."""
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode()


def _named(attributes: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", ":"): _kept(value) for name, value in attributes.items()}


def _kept(text: str) -> str:
    return _NO_CHARACTER.sub("", text)

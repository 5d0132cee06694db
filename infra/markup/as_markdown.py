"""Blocks as Markdown in the newsroom's form, with HTML where CommonMark has no words.

Every block is one line, and so is every item of a list: nothing in a text can begin another block.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

from domain.body import Block, Body, Divider, Image, ListItem, ReadAlso, Style, Text
from infra.markup.as_html import block_html, exact_html, is_item, list_html, marked_html
from infra.markup.inline import Piece, is_link, nested, pieces_of
from infra.markup.reading import is_markdown_address

_BEGINNINGS = {Style.NORMAL: "", Style.H2: "## ", Style.H3: "### ", Style.H4: "#### ", Style.QUOTE: "> "}
_DELIMITERS = {"strong": "**", "em": "*", "strike-through": "~~"}
_SPECIAL = re.compile(r"[\\`*\[\]<~#]|&(?=[#A-Za-z])|(?<![^\W_])_|_(?![^\W_])")
_LIKE_A_BLOCK = re.compile(r"\A([0-9]{0,9})([-+.)>])")
_PLAIN_CODE = re.compile(r"[^\s`]+(?: [^\s`]+)*")
_PLAIN_NOTE = re.compile(r"[^\s\"]+(?: [^\s\"]+)*")


def markdown_of(body: Body) -> str:
    """Return a body as Markdown, a blank line between blocks."""
    return markdown_with(body, _block)


def markdown_with(
    body: Iterable[object], other: Callable[[Any], str], exact: Callable[[str], str] = exact_html
) -> str:
    """Return texts, and what stands between them in some other form, as Markdown.

    `exact` says white space that CommonMark would drop.
    """
    runs = ((is_list, tuple(run)) for is_list, run in groupby(body, key=is_item))
    return "\n\n".join(
        _list(run, exact)
        if is_list
        else "\n\n".join(_text(block, exact) if isinstance(block, Text) else other(block) for block in run)
        for is_list, run in runs
    )


def _text(block: Text, exact: Callable[[str], str]) -> str:
    return _BEGINNINGS[block.style] + _inline(block, exact)


def _block(block: Block) -> str:
    match block:
        case ReadAlso():
            return f"[{block.article_id}](article:{block.article_id})"
        case Divider():
            return "---"
        case Image() if block.credit is None and block.alt != "" and _is_plain(block.caption, block.alt):
            title = f' "{escaped(block.caption)}"' if block.caption else ""
            return f"![{escaped(block.alt or '')}](media:{block.media_id}{title})"
        case _:
            return block_html(block)


def _is_plain(*notes: str | None) -> bool:
    return all(note is None or _PLAIN_NOTE.fullmatch(note) for note in notes)


def _list(items: Sequence[object], exact: Callable[[str], str]) -> str:
    """Return consecutive items, as HTML if Markdown cannot say them."""
    texts = [block for block in items if isinstance(block, Text)]
    levels = [0, *(block.level or 1 for block in texts)]
    if any(after > before + 1 for before, after in pairwise(levels)):
        return list_html(items)
    if any(block.style is not Style.NORMAL for block in texts):
        return list_html(items)
    lines: list[str] = []
    markers: list[str] = []
    for block in texts:
        level = block.level or 1
        before = markers[level - 1] if level <= len(markers) else ""
        markers[level - 1 :] = [_marker(block.list_item, before)]
        lines.append(" " * sum(map(len, markers[:-1])) + markers[-1] + _inline(block, exact))
    return "\n".join(lines)


def _marker(item: ListItem | None, before: str) -> str:
    """Return what begins an item, by what began the one before it on its level."""
    if item is ListItem.BULLET:
        return "- "
    number = int(before[:-2]) + 1 if before.endswith(". ") else 1
    return f"{number}. "


def _inline(block: Text, exact: Callable[[str], str]) -> str:
    def text(piece: Piece) -> str:
        return exact(piece.text) if piece.is_exact else escaped(piece.text).replace("\n", "<br>")

    line = nested(pieces_of(block), text=text, wrapped=_wrapped, joined=_joined)
    return _LIKE_A_BLOCK.sub(r"\1\\\2", line)


def escaped(text: str) -> str:
    """Return characters so that Markdown reads them as themselves."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _wrapped(marks: tuple[str, ...], inner: str, run: Sequence[Piece]) -> str:
    """Return what the last of nested marks is around; CommonMark's signs hold only at the edges of words."""
    *outer, mark = marks
    if mark == "code" and [piece.marks for piece in run] == [marks] and _PLAIN_CODE.fullmatch(run[0].text):
        return f"`{run[0].text}`"
    if mark in _DELIMITERS and inner[0].isalnum() and inner[-1].isalnum():
        return f"{_DELIMITERS[mark]}{inner}{_DELIMITERS[mark]}"
    if is_link(mark) and not any(map(is_link, outer)) and is_markdown_address(mark):
        return f"[{inner}]({mark})"
    return marked_html(marks, inner)


def _joined(parts: Sequence[str]) -> str:
    """Return parts in a row, those kept apart whose signs would be read as one."""
    line = ""
    for part in parts:
        if line.endswith("*") and part.startswith("*"):
            line += "<!-- -->"
        elif line.endswith("!") and part.startswith("["):
            line = line[:-1] + "\\!"
        line += part
    return line

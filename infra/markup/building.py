"""Clean HTML made into blocks, as far as a body has words for it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import groupby

from domain.body import (
    Block,
    Body,
    Divider,
    Embed,
    Image,
    Link,
    ListItem,
    Paywall,
    ReadAlso,
    Span,
    Style,
    Text,
)
from domain.errors import Flaw, Unfit
from infra.markup.inline import WHITE, Piece, is_link
from infra.markup.pasting import is_numbered, is_unseen, marks_by_style, styles_in, unwrapped, word_level

MARKS = {
    "strong": "strong",
    "b": "strong",
    "em": "em",
    "i": "em",
    "u": "underline",
    "s": "strike-through",
    "del": "strike-through",
    "strike": "strike-through",
    "code": "code",
    "sub": "sub",
    "sup": "sup",
}
STYLES = {
    "h1": Style.H2,
    "h2": Style.H2,
    "h3": Style.H3,
    "h4": Style.H4,
    "h5": Style.H4,
    "h6": Style.H4,
}
LISTS = {"ul": ListItem.BULLET, "ol": ListItem.NUMBER}
INLINE = frozenset({*MARKS, "a", "span"})
EMPTY = frozenset({"br", "hr", "img"})
_SCHEMES = ("http:", "https:", "mailto:", "tel:")
_WHITE = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\n"
_MAX_LEVEL = 10
_LEVELS = frozenset(map(str, range(1, _MAX_LEVEL + 1)))


class Builder(HTMLParser):
    """Walks clean, well-nested HTML and collects blocks."""

    def __init__(self, new_key: Callable[[], str], pointer: str) -> None:
        super().__init__(convert_charrefs=True)
        self._new_key = new_key
        self._pointer = pointer
        self._blocks: list[Block] = []
        self._pieces: list[Piece] = []
        self._style = Style.NORMAL
        self._quotes = 0
        self._lists: list[ListItem] = []
        self._item_level: int | None = None
        self._marks: list[tuple[str, ...]] = [()]
        self._caption_from: int | None = None
        self._unseen = 0
        self._pre = 0
        self._marker = ""

    def finish(self) -> Body:
        """Return the blocks."""
        self._end_block()
        return tuple(self._blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        given = {name: value or "" for name, value in attrs}
        styles = styles_in(given)
        if self._unseen or is_unseen(styles):
            self._unseen += tag not in EMPTY
        elif tag in INLINE:
            self._start_inline(tag, given, styles)
        elif tag == "br":
            self._pieces.append(Piece(_BREAK, self._marks[-1]))
        elif tag == "hr":
            self._end_block()
            is_paywall = given.get("class") == "paywall"
            self._blocks.append(Paywall(self._new_key()) if is_paywall else Divider(self._new_key()))
        elif tag == "img":
            self._add_image(given)
        else:
            self._start_block(tag, given, styles)

    def handle_endtag(self, tag: str) -> None:
        """End the element that was begun last."""
        if self._unseen:
            self._unseen -= 1
        elif tag in INLINE:
            self._marks.pop()
        elif tag == "figcaption":
            self._end_caption()
        else:
            if tag == "pre":
                self._end_pre()
            self._end_block()
            if tag in LISTS:
                self._lists.pop()
            elif tag == "blockquote":
                self._quotes -= 1
            elif tag in STYLES:
                self._style = Style.NORMAL
            elif tag == "li" or (tag == "p" and not self._lists):
                self._item_level = None

    def handle_data(self, data: str) -> None:
        """Take text, its white space run together."""
        if self._unseen:
            self._marker += data
            return
        if self._pre:
            self._pieces.append(Piece(data.replace("\r\n", "\n"), self._marks[-1]))
            return
        text = _WHITE.sub(" ", data)
        before = next((piece.text[-1] for piece in reversed(self._pieces) if piece.text), " ")
        if before in WHITE:
            text = text.removeprefix(" ")
        if text:
            self._pieces.append(Piece(text, self._marks[-1]))

    def _start_inline(self, tag: str, given: dict[str, str], styles: dict[str, str]) -> None:
        """Put on the marks of an element and of its style, and take off what its style takes off."""
        outer = self._marks[-1]
        href = _href(given)
        styled = dict(marks_by_style(styles))
        if href or any(map(is_link, outer)):
            styled.pop("underline", None)  # how links are drawn
        marks = [*outer, *([MARKS[tag]] if tag in MARKS else []), *([href] if href else [])]
        marks += [mark for mark, is_on in styled.items() if is_on]
        self._marks.append(tuple(dict.fromkeys(mark for mark in marks if styled.get(mark, True))))
        space = given.get("data-space")
        if space is not None and not space.strip() and (space or not self._pieces):
            self._pieces.append(Piece(space, self._marks[-1], is_exact=True))

    def _start_block(self, tag: str, given: dict[str, str], styles: dict[str, str]) -> None:
        self._end_block()
        if tag in LISTS:
            self._lists.append(LISTS[tag])
        elif tag == "blockquote":
            self._quotes += 1
        elif tag in STYLES:
            self._style = STYLES[tag]
        elif tag == "figcaption":
            self._caption_from = len(self._blocks)
        elif tag == "pre":
            self._pre += 1
        elif tag == "li":
            level = given.get("aria-level", "")
            self._item_level = int(level) if level in _LEVELS else None
        elif tag == "p" and not self._lists:
            self._item_level = word_level(styles)
        elif tag == "figure" and (url := given.get("data-embed")):
            self._blocks.append(Embed(self._new_key(), url, given.get("data-provider"), given.get("data-title")))

    def _end_pre(self) -> None:
        """Leave preformatted text, whose last line may end with a break that shows nothing."""
        self._pre -= 1
        if self._pieces:
            last = self._pieces[-1]
            self._pieces[-1] = replace(last, text=last.text.removesuffix(_BREAK))

    def _add_image(self, given: dict[str, str]) -> None:
        self._end_block()
        scheme, _, media_id = given.get("src", "").partition(":")
        if scheme.lower() != "media":
            raise Unfit(Flaw(self._pointer, 'Upload pictures first, and name them so: <img src="media:ID">.'))
        alt = given.get("alt") or ("" if given.get("role") == "presentation" else None)
        caption, credit = given.get("title"), given.get("data-credit")
        self._blocks.append(Image(self._new_key(), media_id, caption, credit, alt))

    def _end_caption(self) -> None:
        """Give the text of a figcaption to the picture above it."""
        self._end_block()
        start, self._caption_from = self._caption_from, None
        if not start or not isinstance(image := self._blocks[start - 1], Image):
            return
        said = " ".join(block.text for block in self._blocks[start:] if isinstance(block, Text))
        self._blocks[start - 1 :] = [replace(image, caption=said or image.caption)]

    def _end_block(self) -> None:
        pieces, self._pieces = _trimmed(self._pieces), []
        marker, self._marker = self._marker, ""
        if pieces:
            self._blocks.append(self._read_also(pieces) or self._text(pieces, marker))

    def _text(self, pieces: Sequence[Piece], marker: str) -> Text:
        hrefs = dict.fromkeys(mark for piece in pieces for mark in piece.marks if is_link(mark))
        if any(href.startswith("article:") for href in hrefs):
            raise Unfit(Flaw(self._pointer, "A link to an article of ours stands alone in its paragraph."))
        links = {href: Link(self._new_key(), href) for href in hrefs}
        item, level = self._place(marker)
        return Text(
            self._new_key(),
            tuple(
                Span(
                    self._new_key(),
                    "".join(piece.text for piece in run),
                    tuple(links[mark].key if mark in links else mark for mark in marks),
                )
                for marks, run in groupby(pieces, key=lambda piece: piece.marks)
            ),
            tuple(links.values()),
            Style.QUOTE if self._quotes and self._style is Style.NORMAL else self._style,
            item,
            level,
        )

    def _place(self, marker: str) -> tuple[ListItem | None, int | None]:
        """Return the list that a text is an item of, and its level; Word writes its own as paragraphs."""
        if self._lists:
            return self._lists[-1], min(self._item_level or len(self._lists), _MAX_LEVEL)
        if self._item_level and marker:
            return ListItem.NUMBER if is_numbered(marker) else ListItem.BULLET, min(self._item_level, _MAX_LEVEL)
        return None, None

    def _read_also(self, pieces: Sequence[Piece]) -> ReadAlso | None:
        links = [[mark for mark in piece.marks if mark.startswith("article:")] for piece in pieces]
        targets = {mark for marks in links for mark in marks}
        if len(targets) != 1 or not all(links):
            return None
        return ReadAlso(self._new_key(), targets.pop().removeprefix("article:"))


def _href(given: dict[str, str]) -> str | None:
    """Return where an element leads: as a link of HTML, or as one that is taken by the letter."""
    scheme, colon, rest = given.get("href", "").partition(":")
    if colon:
        return unwrapped(scheme.lower() + colon + rest)
    exact = given.get("data-link", "")
    return exact if exact.lower().startswith(_SCHEMES) else None


def _trimmed(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the pieces without white space at their outer ends, but for what is meant."""
    told = [at for at, piece in enumerate(pieces) if piece.is_exact or piece.text.strip()]
    if not told:
        return ()
    kept = list(pieces[told[0] : told[-1] + 1])
    if not kept[0].is_exact:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip())
    if not kept[-1].is_exact:
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return [piece for piece in kept if piece.text] or kept[:1]

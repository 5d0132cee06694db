"""Bodies for the tests of the domain: short builders, a readable form, and Hypothesis strategies."""

from collections.abc import Callable, Iterator
from itertools import count

from hypothesis import strategies as st

from domain.body import (
    DECORATORS,
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


def para(text: str, key: str = "p", style: Style = Style.NORMAL) -> Text:
    return Text(key, (Span(f"{key}-s", text),), style=style)


def head(text: str = "A heading", style: Style = Style.H2) -> Text:
    return para(text, "h", style)


def many(words: int) -> str:
    return " ".join(f"w{at}" for at in range(1, words + 1))


IMAGE = Image("i", "medium", "caption of many many words", "credit", "alt")
RELATED = ReadAlso("r", "article")
EMBED = Embed("e", "https://video.test/1", "Video", "title of many many words")
DIVIDER = Divider("d")
PAYWALL = Paywall("w")


def seen(body: Body) -> list[str]:
    """A body as one would tell it: texts as they are, other blocks by their type."""
    return [block.text if isinstance(block, Text) else f"<{block.type}>" for block in body]


PIECES = st.sampled_from(
    [
        *("a", "word", "l'eau", "aujourd’hui", "3.5", "e\u0301te\u0301", "100\u00a0km", "Quoi\u202f?", "don't"),
        *("漢", "漢字", "カタカナ", "かな", "ไทย", "กำลัง", "ລາວ", "ខ្មែរ", "မြန်မာ", "𠮷", "漢a", "b漢", "漢\u0301"),
        *(" ", " ", " ", "  ", "\t", "\n", "\u2003", "\u3000", "\u2028", "\u00a0", "\u2007", "\u202f"),
        *(".", ". ", "!", "? ", "…", "?! ", "。", "！", "」", "「", ".”", ". »", "\u00a0»", ")", "-", "—", "« "),
        *("\u200b", "\u00ad", "\u0301", "\u200d", "\U0001f600", "\x1c", "ﾞ"),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(codec="utf-8"), max_size=12), st.just("")
)


@st.composite
def _text_blocks(draw: st.DrawFn, new_key: Callable[[], str], styles: st.SearchStrategy[Style]) -> Text:
    links = tuple(Link(new_key(), f"https://{new_key()}.test") for _ in range(draw(st.integers(0, 3))))
    marks = st.lists(
        st.sampled_from([*sorted(DECORATORS), *(link.key for link in links)]), max_size=3, unique=True
    )
    texts = draw(st.lists(TEXTS, max_size=4))
    spans = tuple(Span(new_key(), text, tuple(draw(marks))) for text in texts)
    item = draw(st.sampled_from([None, None, *ListItem]))
    return Text(new_key(), spans, links, draw(styles), item, 1 if item else None)


@st.composite
def bodies(draw: st.DrawFn, *, headings: bool = True, paywall: bool = False, max_size: int = 6) -> Body:
    """Bodies of every kind of block; every key, id and address in them is there only once."""
    numbers = count()

    def new_key() -> str:
        return f"k{next(numbers)}"

    styles = st.sampled_from(Style) if headings else st.sampled_from([Style.NORMAL, Style.QUOTE])
    kinds: list[st.SearchStrategy[Block]] = [
        _text_blocks(new_key, styles),
        _text_blocks(new_key, styles),
        st.builds(lambda: Image(new_key(), new_key(), new_key(), new_key(), new_key())),
        st.builds(lambda: ReadAlso(new_key(), new_key())),
        st.builds(lambda: Embed(new_key(), new_key(), new_key(), new_key())),
        st.builds(lambda: Divider(new_key())),
    ]
    if paywall:
        kinds.append(st.builds(lambda: Paywall(new_key())))
    return tuple(draw(st.lists(st.one_of(kinds), max_size=max_size)))


def facts(body: Body) -> set[str]:
    """Every key, id, address and caption in a body."""
    return {fact for block in body for fact in _facts(block)}


def _facts(block: Block) -> Iterator[str]:
    match block:
        case Text():
            yield block.key
            yield from (span.key for span in block.children)
            yield from (fact for link in block.links for fact in (link.key, link.href))
            yield from (mark for span in block.children for mark in span.marks if mark not in DECORATORS)
        case Image():
            yield from filter(None, (block.key, block.media_id, block.caption, block.credit, block.alt))
        case Embed():
            yield from filter(None, (block.key, block.url, block.provider, block.title))
        case ReadAlso():
            yield from (block.key, block.article_id)
        case Divider() | Paywall():
            yield block.key


def facts_behind(body: Body, shown: Body) -> set[str]:
    """Every fact of a body that belongs to blocks, spans and links that are not shown."""
    if not shown:
        return facts(body)
    behind = facts(body[len(shown) :])
    whole, last = body[len(shown) - 1], shown[-1]
    if whole != last and isinstance(whole, Text) and isinstance(last, Text):
        linked = {mark for span in last.children for mark in span.marks}
        behind |= {span.key for span in whole.children[len(last.children) :]}
        behind |= {fact for link in whole.links if link.key not in linked for fact in (link.key, link.href)}
    return behind


def is_beginning(shown: Body, body: Body) -> bool:
    """Whether a body is the beginning of another: whole blocks, and at the end perhaps part of a text."""
    if not shown:
        return True
    *before, last = shown
    if tuple(before) != body[: len(before)] or len(shown) > len(body):
        return False
    whole = body[len(before)]
    return last == whole or (isinstance(last, Text) and isinstance(whole, Text) and _is_part(last, whole))


def _is_part(part: Text, whole: Text) -> bool:
    same = ("key", "style", "list_item", "level", "type")
    if any(getattr(part, name) != getattr(whole, name) for name in same) or not part.children:
        return False
    *spans, tail = part.children
    of_tail = whole.children[len(spans)]
    return (
        tuple(spans) == whole.children[: len(spans)]
        and (tail.key, tail.marks) == (of_tail.key, of_tail.marks)
        and of_tail.text.startswith(tail.text)
        and [link for link in whole.links if link in part.links] == list(part.links)
    )

"""For any body: HTML, Markdown and text say the same words in the same order, and so does Portable Text."""

import html as escaping
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import SecretStr

from api.delivery import rendering, schemas
from api.formats import blocks
from api.links import Links
from api.parts import Visit, assemble
from domain.access import Decision, Gate, Granted, Reason, Requires
from domain.body import Body, article_ids, media_ids
from domain.delivery import ArticleName, Delivery, Names, Picture
from domain.editions import front_of
from domain.people import ANONYMOUS
from infra.ids import Sources
from infra.settings import Settings
from tests.api.page_text import page_text, words_of
from tests.clients.node import asked
from tests.domain.bodies import DIVIDER, EMBED, IMAGE, RELATED, bodies, para
from tests.domain.making import NOW, a_draft, a_publication

MARKDOWN = MarkdownIt("commonmark").enable("strikethrough")


@pytest.fixture(scope="module")
def links(signing_keys: str, tmp_path_factory: pytest.TempPathFactory) -> Links:
    settings = Settings(
        _env_file=None, data_dir=tmp_path_factory.mktemp("data"), signing_keys=SecretStr(signing_keys)
    )
    parts = assemble(settings, Sources())
    return Links(Visit(parts=parts, person=ANONYMOUS, now=NOW, address=None, snapshot=None))


def shown_to(links: Links, body: Body) -> list[schemas.Block]:
    """The blocks that a reader gets of a body, with everything that it names."""
    named = Names(
        media={one: Picture(one, "image/png", 8, 6, "Alt", "Caption", None, None) for one in media_ids(body)},
        articles={one: ArticleName(one, f"a-{one}", f"About {one}", "en", Gate()) for one in article_ids(body)},
    )
    decision = Decision(Granted.FULL, Reason.FREE, Requires.FREE)
    front = front_of(a_draft(body=body))
    return rendering.article(Delivery(a_publication(), front, body, decision, 0, (), named, NOW), links).blocks


NO_NUL = bodies().filter(lambda body: "\x00" not in repr(body) and "\\x00" not in repr(body))


@given(body=NO_NUL)
def test_html_and_text_say_the_same_words(links: Links, body: Body) -> None:
    shown = shown_to(links, body)
    assert page_text(blocks.as_html(shown, links)) == words_of(blocks.as_text(shown, links))


@given(body=NO_NUL)
def test_markdown_says_the_same_words_as_text(links: Links, body: Body) -> None:
    shown = [block for block in shown_to(links, body) if isinstance(block, schemas.TextBlock)]
    read = page_text(MARKDOWN.render(blocks.as_markdown(shown, links)))
    assert _letters(read) == _letters(blocks.as_text(shown, links))


def _letters(text: str) -> str:
    """What is left where space and the signs of lists are not counted: CommonMark has its own."""
    return re.sub(r"[\s•\d.\x00-\x1f\x7f-\xa0\ufffd]", "", text)


@settings(max_examples=8)
@given(some=st.lists(NO_NUL, min_size=12, max_size=12))
def test_portable_text_says_the_same_words_as_our_html(links: Links, some: list[Body]) -> None:
    """Many bodies are rendered at once, because starting Node takes long."""
    shown = [[block for block in shown_to(links, body) if _is_said_alike(block)] for body in some]
    made = asked("portable_text.js", [[block.model_dump(mode="json") for block in one] for one in shown])
    assert made["missing"] == []
    for ours, theirs in zip(shown, made["rendered"], strict=True):
        assert page_text(theirs) == page_text(blocks.as_html(ours, links))


def _is_said_alike(block: schemas.Block) -> bool:
    """Whether both show it as text alone: where links of their own lead is said by us, not by Portable Text."""
    return not isinstance(block, schemas.RelatedBlock | schemas.EmbedBlock)


def test_every_kind_of_block_renders_with_portable_text(links: Links) -> None:
    body = (para("One <two>\nthree & four"), IMAGE, RELATED, EMBED, DIVIDER)
    shown = shown_to(links, body)
    made = asked("portable_text.js", [[block.model_dump(mode="json") for block in shown]])
    assert made["missing"] == []
    (theirs,) = made["rendered"]
    ours = re.sub(r"<a [^>]*>", "", blocks.as_html(shown, links))
    assert page_text(theirs) == page_text(ours)
    assert "caption of many many words credit" in page_text(theirs)
    assert escaping.escape("<two>") in theirs


def test_node_is_told_when_a_script_fails() -> None:
    with pytest.raises(AssertionError, match="TypeError"):
        asked("portable_text.js", {"no": "list"})


def test_the_packages_are_those_of_the_lock_file() -> None:
    lock = (Path(__file__).parents[1] / "clients" / "package-lock.json").read_text()
    assert '"resolved"' not in lock

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.access import Gate, Requires
from domain.articles import Draft
from domain.body import Block, Body, Divider, Embed, Image, Link, ListItem, Paywall, ReadAlso, Span, Style, Text
from domain.editions import Front
from infra import documents

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
BODIES: st.SearchStrategy[Body] = st.lists(st.one_of(*map(st.from_type, get_args(Block))), max_size=5).map(tuple)
GIVEN: dict[str, st.SearchStrategy[Any]] = {
    "body": BODIES,
    "gate": st.builds(
        Gate,
        st.sampled_from(Requires),
        st.lists(st.text(), max_size=2).map(tuple),
        MOMENTS,
        MOMENTS,
    ),
    "extensions": st.dictionaries(st.text(), JSON, max_size=3),
}


def _whole(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Values of a dataclass with every field drawn, also those that have defaults."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: GIVEN.get(name, st.from_type(hint)) for name, hint in hints.items()})


@given(body=BODIES)
def test_a_body_comes_back_as_it_was(body: Body) -> None:
    text = documents.dump_body(body)
    loaded = documents.load_body(text)
    assert loaded == body
    assert list(map(type, loaded)) == list(map(type, body))
    assert documents.dump_body(loaded) == text


@given(draft=_whole(Draft))
def test_a_draft_comes_back_as_it_was(draft: Draft) -> None:
    text = documents.dump_draft(draft)
    assert documents.load_draft(text) == draft
    assert documents.dump_draft(documents.load_draft(text)) == text


@given(front=_whole(Front))
def test_a_front_comes_back_as_it_was(front: Front) -> None:
    text = documents.dump_front(front)
    assert documents.load_front(text) == front
    assert documents.dump_front(documents.load_front(text)) == text


@given(strings=st.lists(st.text()).map(tuple), names=st.dictionaries(st.text(), st.text()))
def test_lists_and_names_come_back_as_they_were(strings: tuple[str, ...], names: dict[str, str]) -> None:
    assert documents.load_strings(documents.dump_strings(strings)) == strings
    assert documents.load_names(documents.dump_names(names)) == names


BLOCKS: list[tuple[Any, str]] = [
    (
        Text(
            "k", (Span("s", "Hé", ("strong", "l")),), (Link("l", "https://a.test"),), Style.H2, ListItem.NUMBER, 2
        ),
        (
            '{"key":"k","children":[{"key":"s","text":"Hé","marks":["strong","l"]}],'
            '"links":[{"key":"l","href":"https://a.test"}],"style":"h2","list_item":"number","level":2,"type":"block"}'
        ),
    ),
    (
        Image("k", "m", "c", "p", "a"),
        '{"key":"k","media_id":"m","caption":"c","credit":"p","alt":"a","type":"image"}',
    ),
    (ReadAlso("k", "a"), '{"key":"k","article_id":"a","type":"related"}'),
    (
        Embed("k", "https://v.test", "v", "t"),
        '{"key":"k","url":"https://v.test","provider":"v","title":"t","type":"embed"}',
    ),
    (Divider("k"), '{"key":"k","type":"divider"}'),
    (Paywall("k"), '{"key":"k","type":"paywall"}'),
]


def test_every_kind_of_block_is_shown_here() -> None:
    assert {type(block) for block, _ in BLOCKS} == set(get_args(Block))


@pytest.mark.parametrize(("block", "text"), BLOCKS)
def test_what_is_kept_can_be_read_for_ever(block: Any, text: str) -> None:
    """These texts are in databases: a change of the dataclasses must not change how they are read."""
    assert documents.dump_body((block,)) == f"[{text}]"
    assert documents.load_body(f"[{text}]") == (block,)


@pytest.mark.parametrize(
    "text", ["", "{}", "null", "[1]", "[{}]", '[{"key":"k","type":"unknown"}]', '[{"key":1,"type":"divider"}]']
)
def test_what_is_no_body_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValidationError):
        documents.load_body(text)


def test_a_draft_of_an_older_program_is_read_with_its_defaults() -> None:
    loaded = documents.load_draft('{"title": "T", "slug": "t", "language": "en"}')
    assert loaded == Draft("T", "t", "en")


def test_times_keep_their_moment() -> None:
    at = datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    draft = Draft("T", "t", "en", gate=Gate(Requires.SUBSCRIBER, holds_from=at))
    loaded = documents.load_draft(documents.dump_draft(draft)).gate.holds_from
    assert loaded == at
    assert loaded is not None
    assert loaded.utcoffset() == at.utcoffset()


def test_letters_of_every_script_stand_as_they_are() -> None:
    text = documents.dump_strings(("é", "ж", "中", "🙂", "\u2028"))
    assert text == '["é","ж","中","🙂","\u2028"]'
    assert tuple(json.loads(text)) == documents.load_strings(text)

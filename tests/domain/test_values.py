"""The small values: tags, bodies, refusals, versions."""

import dataclasses
import pkgutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from itertools import count

import pytest

import domain
from domain import errors
from domain.body import (
    Body,
    Image,
    Link,
    Paywall,
    ReadAlso,
    Span,
    Style,
    Text,
    article_ids,
    media_ids,
    with_keys,
    without_paywall,
)
from domain.errors import Flaw, Refusal, Stale, Unfit, expect_version
from domain.media import Facts, ImageType, Medium, said_no_more
from domain.tags import Tag
from tests.domain.bodies import DIVIDER, EMBED, IMAGE, PAYWALL, RELATED, head, para


def test_every_value_is_frozen_and_slotted() -> None:
    modules = [import_module(f"domain.{module.name}") for module in pkgutil.iter_modules(domain.__path__)]
    kinds = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    values = [kind for kind in kinds if dataclasses.is_dataclass(kind)]
    assert len(values) > 30
    for value in values:
        assert vars(value)["__dataclass_params__"].frozen, value
        assert "__slots__" in vars(value), value


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("fr", "Suisse"),
        ("fr-CH", "la Suisse"),
        ("fr-BE", "Suisse"),
        ("fr-CH-1996", "la Suisse"),
        ("de", "Schweiz"),
        ("de-AT", "Schweiz"),
        ("en", "Switzerland"),
        ("it-CH", "Switzerland"),
        ("frp", "Switzerland"),
        ("", "Switzerland"),
    ],
)
def test_a_tag_has_its_name_in_the_nearest_language(language: str, name: str) -> None:
    names = {"fr": "Suisse", "fr-CH": "la Suisse", "de": "Schweiz", "it-CH": ""}
    assert Tag("id", "switzerland", "Switzerland", names=names).name_in(language) == name


def test_the_text_of_a_block_is_that_of_its_spans() -> None:
    assert Text("k", (Span("a", "One "), Span("b", ""), Span("c", "two", ("em",)))).text == "One two"
    assert Text("k").text == ""


@pytest.mark.parametrize("style", Style)
def test_headings_are_headings(style: Style) -> None:
    assert head(style=style).is_heading is (style.value in {"h2", "h3", "h4"})


def test_a_body_names_pictures_and_articles() -> None:
    body = (para("a"), IMAGE, Image("j", "other"), RELATED, ReadAlso("s", "another"), EMBED, DIVIDER, IMAGE)
    assert media_ids(body) == {"medium", "other"}
    assert article_ids(body) == {"article", "another"}
    assert media_ids(()) == article_ids(()) == frozenset()


def test_the_paywall_is_not_delivered() -> None:
    assert without_paywall((PAYWALL, para("a"), PAYWALL, IMAGE)) == (para("a"), IMAGE)
    assert without_paywall((PAYWALL,)) == ()


def test_empty_keys_are_filled_and_others_stay() -> None:
    numbers = count(1)
    link = Link("l", "https://a.test")
    body: Body = (
        Text("", (Span("", "a", ("l",)), Span("mine", "b"), Span("", "c")), (link,)),
        Image("", "medium"),
        Paywall("kept"),
        Text("own", (Span("", "d"),)),
    )
    assert with_keys(body, lambda: f"k{next(numbers)}") == (
        Text("k1", (Span("k2", "a", ("l",)), Span("mine", "b"), Span("k3", "c")), (link,)),
        Image("k4", "medium"),
        Paywall("kept"),
        Text("own", (Span("k5", "d"),)),
    )


def test_a_write_on_an_older_version_is_stale() -> None:
    expect_version(3, current=3)
    for named in (2, 4):
        with pytest.raises(Stale) as refusal:
            expect_version(named, current=3)
        assert refusal.value.current == 3
        assert "version 3" in refusal.value.detail


@pytest.mark.parametrize(
    ("refusal", "facts"),
    [
        (errors.NotThere(), {}),
        (errors.Withdrawn("why"), {"detail": "why"}),
        (errors.Unidentified("who", presented=True), {"detail": "who", "presented": True}),
        (errors.NotAllowed("no", rule="tags"), {"detail": "no", "rule": "tags"}),
        (errors.WrongState("no", rule="r"), {"detail": "no", "rule": "r"}),
        (errors.Conflict("no", rule="r"), {"detail": "no", "rule": "r"}),
        (errors.InUse("no", used_by=(errors.Use("article", "a"),)), {"used_by": (errors.Use("article", "a"),)}),
        (errors.VersionNeeded(), {}),
        (Unfit(Flaw("/a", "x"), Flaw("/b", "y")), {"flaws": (Flaw("/a", "x"), Flaw("/b", "y"))}),
        (errors.BadRequest("no"), {"detail": "no", "parameter": None}),
        (errors.BadRequest("no", parameter="p"), {"detail": "no", "parameter": "p"}),
        (errors.WrongMedia("no"), {"detail": "no"}),
        (errors.TooLarge("no"), {"detail": "no"}),
        (errors.GrantRefused("invalid_grant", "no"), {"detail": "no", "error": "invalid_grant"}),
        (errors.ClientRefused(), {"error": "invalid_client"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Refusal) else "",
)
def test_a_refusal_tells_its_sentence_and_its_facts(refusal: Refusal, facts: dict[str, object]) -> None:
    assert isinstance(refusal, Refusal)
    assert refusal.detail == str(refusal)
    assert refusal.detail
    assert {name: getattr(refusal, name) for name in facts} == facts


def test_what_was_said_of_a_picture_and_is_no_more_is_told() -> None:
    facts = Facts(ImageType.PNG, 1, 1, 1, "d")
    before = Medium("m", facts, "Alt", "Caption", None, "CC0", "me", datetime(2026, 1, 1, tzinfo=UTC))
    assert said_no_more(before, before) == ()
    assert said_no_more(before, replace(before, alt=" ", licence=None, credit="Now")) == ("alt", "licence")

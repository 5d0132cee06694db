from datetime import timedelta

import pytest

from domain.access import Gate
from domain.delivery import ArticleName
from domain.people import ANONYMOUS, Role
from domain.previews import Preview, ReaderKind, some_reader
from tests.domain.making import LATER, NOW, SUBSCRIBERS


@pytest.mark.parametrize("kind", ReaderKind)
def test_some_reader_is_of_the_kind_and_never_staff(kind: ReaderKind) -> None:
    reader = some_reader(kind, ("gold",))
    if kind is ReaderKind.ANONYMOUS:
        assert reader is ANONYMOUS
    else:
        assert (reader.roles, reader.plans) == (frozenset({Role(kind.value)}), frozenset({"gold"}))


def test_a_preview_is_open_until_it_ends_or_is_revoked() -> None:
    made = Preview("p", "a", 1, ReaderKind.READER, (), "me", NOW, LATER)
    assert made.is_open(LATER - timedelta(microseconds=1))
    assert not made.is_open(LATER)
    assert not Preview("p", "a", 1, ReaderKind.READER, (), "me", NOW, LATER, revoked_at=NOW).is_open(NOW)


def test_a_link_changes_when_its_article_ends_or_its_gate_moves() -> None:
    assert ArticleName("a", "a", "A", "en", Gate()).next_change(NOW) is None
    assert ArticleName("a", "a", "A", "en", SUBSCRIBERS, LATER).next_change(NOW) == LATER
    gate = Gate(SUBSCRIBERS.requires, (), NOW + timedelta(hours=1))
    assert ArticleName("a", "a", "A", "en", gate, LATER).next_change(NOW) == NOW + timedelta(hours=1)
    assert ArticleName("a", "a", "A", "en", Gate(), NOW).next_change(NOW) is None

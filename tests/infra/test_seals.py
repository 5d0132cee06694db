from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadRequest
from infra.keys import generate
from infra.seals import MAX_CURSOR, Seals
from tests.signing_in import keys_of

OLD, NEW, STRANGE = generate("ES256"), generate("ES256"), generate("ES256")
SEALS = Seals(keys_of(NEW, OLD))
NOW = datetime(2026, 1, 31, 12, 0, 7, tzinfo=UTC)
PLACE = "2026-01-31T12:00:00+00:00 0197"
TEXT = st.text(max_size=100).filter(lambda text: text.isprintable())


def test_what_is_known_again_tells_nothing_and_outlives_a_rotation() -> None:
    before, after = Seals(keys_of(OLD)).marks(b"a", b"bc"), SEALS.marks(b"a", b"bc")
    assert before == after[1:]
    assert SEALS.marks(b"ab", b"c") != after
    assert sha256(b"abc").hexdigest() not in {*before, *after}


def _is_refused(cursor: str, bound_to: str = "articles", seals: Seals = SEALS) -> bool:
    try:
        seals.open_cursor(cursor, bound_to=bound_to)
    except BadRequest as refusal:
        return refusal.parameter == "cursor"
    return False


@given(place=TEXT, bound_to=TEXT)
def test_a_cursor_opens_where_it_was_sealed(place: str, bound_to: str) -> None:
    cursor = SEALS.seal_cursor(place, bound_to=bound_to)
    assert SEALS.open_cursor(cursor, bound_to=bound_to) == place
    assert cursor == SEALS.seal_cursor(place, bound_to=bound_to)  # equal pages are equal bytes
    assert cursor.replace("-", "a").replace("_", "a").isalnum()


def test_a_cursor_of_an_article_list_fits() -> None:
    assert len(SEALS.seal_cursor(PLACE * 5, bound_to="articles")) < MAX_CURSOR


@given(content=TEXT, purpose=TEXT)
def test_a_link_opens_for_its_purpose_and_for_nothing_else(content: str, purpose: str) -> None:
    token = SEALS.seal_link(content, purpose=purpose)
    assert SEALS.open_link(token, purpose=purpose) == content
    assert SEALS.open_link(token, purpose=f"{purpose}x") is None
    assert SEALS.open_preview(token) is None
    assert _is_refused(token, purpose)
    assert SEALS.open_link(SEALS.seal_cursor(content, bound_to=purpose), purpose=purpose) is None
    assert Seals(keys_of(STRANGE)).open_link(token, purpose=purpose) is None


def test_a_letter_opens_under_its_own_id_as_long_as_its_key_is_kept() -> None:
    sealed = Seals(keys_of(OLD)).seal_letter("Dear Ada", "1")
    assert b"Ada" not in sealed
    assert SEALS.open_letter(sealed, "1") == "Dear Ada"
    assert SEALS.open_letter(sealed, "2") is None
    assert Seals(keys_of(NEW)).open_letter(sealed, "1") is None


def test_topics_are_told_apart_and_tell_nothing() -> None:
    topics = {SEALS.topics_of(topic, address)[0] for topic in ("a", "b") for address in ("x@y.org", "z@y.org")}
    assert len(topics) == 4
    new, old = (Seals(keys_of(key)).topics_of("a", "x@y.org") for key in (NEW, OLD))
    assert SEALS.topics_of("a", "x@y.org") == [*new, *old], "what waits under the key before is still known"


def test_a_cursor_tells_nothing() -> None:
    one, other = (SEALS.seal_cursor(f"{PLACE}{at}", bound_to="articles") for at in (1, 2))
    assert sum(a == b for a, b in zip(one, other, strict=True)) < len(one) / 3


def test_no_character_of_a_cursor_can_be_changed() -> None:
    cursor = SEALS.seal_cursor(PLACE, bound_to="articles")
    for at in range(len(cursor) + 1):
        for character in "A_-b9! \n=+/~é":
            for changed in (
                cursor[:at] + character + cursor[at + 1 :],
                cursor[:at] + character + cursor[at:],
                cursor[:at] + cursor[at + 1 :],
                cursor[:at],
            ):
                assert changed == cursor or _is_refused(changed), changed


@pytest.mark.parametrize(
    "cursor",
    ["", "a", "ab", "abc", "=", "====", "!", "€", "\x00", "a" * 22, "a" * MAX_CURSOR, "a" * 100_000, "\ud800"],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    assert _is_refused(cursor)


def test_a_cursor_opens_no_other_list() -> None:
    cursor = SEALS.seal_cursor(PLACE, bound_to="articles")
    for other in ("", "article", "articles ", "Articles", "tags"):
        assert _is_refused(cursor, other), other


def test_the_first_key_seals_and_every_key_opens() -> None:
    before, after, later = Seals(keys_of(OLD)), Seals(keys_of(NEW, OLD)), Seals(keys_of(NEW))
    cursor = before.seal_cursor(PLACE, bound_to="articles")
    assert after.open_cursor(cursor, bound_to="articles") == PLACE
    assert _is_refused(cursor, seals=later)
    fresh = after.seal_cursor(PLACE, bound_to="articles")
    assert later.open_cursor(fresh, bound_to="articles") == PLACE
    assert _is_refused(fresh, seals=before)


PATH = "/media/0197/original"


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_signed_address_is_good_for_one_to_two_windows(now: datetime) -> None:
    expires, signature = SEALS.sign_media(PATH, now=now, seconds=600)
    assert 600 < expires - now.timestamp() <= 1200
    last = datetime.fromtimestamp(expires, UTC) - timedelta(seconds=0.001)
    assert SEALS.is_signed_media(PATH, expires, signature, now=last)
    assert not SEALS.is_signed_media(PATH, expires, signature, now=last + timedelta(seconds=0.001))


def test_an_address_stays_the_same_within_a_window() -> None:
    start = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    first = SEALS.sign_media(PATH, now=start, seconds=600)
    assert SEALS.sign_media(PATH, now=start + timedelta(seconds=599.9), seconds=600) == first
    assert SEALS.sign_media(PATH, now=start + timedelta(seconds=600), seconds=600) != first


def test_nothing_of_a_signed_address_can_be_changed() -> None:
    expires, signature = SEALS.sign_media(PATH, now=NOW, seconds=600)
    cursor = SEALS.seal_cursor(f"{PATH} {expires}", bound_to="articles")
    assert SEALS.is_signed_media(PATH, expires, signature, now=NOW)
    for path, until, signed in (
        ("/media/0198/original", expires, signature),
        ("/media/0197/large", expires, signature),
        (f"{PATH} {expires}", expires, signature),
        (PATH, expires + 1, signature),
        (PATH, expires - 1, signature),
        (PATH, expires, ""),
        (PATH, expires, signature[:-1]),
        (PATH, expires, f"{signature}="),
        (PATH, expires, signature.swapcase()),
        (PATH, expires, "ключ"),
        (PATH, expires, cursor),
    ):
        assert not SEALS.is_signed_media(path, until, signed, now=NOW), (path, until, signed)


def test_addresses_outlive_a_change_of_keys() -> None:
    expires, signature = Seals(keys_of(OLD)).sign_media(PATH, now=NOW, seconds=600)
    assert Seals(keys_of(NEW, OLD)).is_signed_media(PATH, expires, signature, now=NOW)
    assert not Seals(keys_of(NEW)).is_signed_media(PATH, expires, signature, now=NOW)

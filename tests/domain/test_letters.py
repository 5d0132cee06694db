import re

import pytest

from domain.letter_texts import TEXTS
from domain.letters import TOPICS, WIDTH, Kind, language_of, wording

LINK = "https://www.test/account/confirm#" + "a-b_" * 100
WITH_LINK = {Kind.CONFIRM_ACCOUNT, Kind.RESET_PASSWORD, Kind.CONFIRM_EMAIL}


def test_every_letter_is_there_in_every_language() -> None:
    assert TEXTS.keys() == {"en", "fr", "de", "ru"}
    assert set(TOPICS) == set(Kind)
    for texts in TEXTS.values():
        assert texts.keys() == set(Kind)


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("kind", Kind)
def test_a_letter_says_who_writes_and_keeps_its_link_in_one_line(language: str, kind: Kind) -> None:
    subject, text = wording(kind, language, publisher="Die {Zeit}", link=LINK)
    assert "Die {Zeit}" in subject
    assert "Die {Zeit}" in text
    assert "\n" not in subject
    assert text.splitlines().count(LINK) == (kind in WITH_LINK)
    assert all(len(line) <= WIDTH for line in text.splitlines() if line != LINK)
    assert not re.search(r"{link}|{publisher}", subject + text)


def test_no_two_letters_of_a_language_say_the_same() -> None:
    for texts in TEXTS.values():
        assert len({text for _, text in texts.values()}) == len(Kind)
        assert len({subject for subject, _ in texts.values()}) == len(Kind)
    assert len({texts[Kind.HAS_ACCOUNT] for texts in TEXTS.values()}) == len(TEXTS)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("fr", "de"), "fr"),
        (("fr-CH", "de"), "fr"),
        (("de-Latn-AT-1996",), "de"),
        (("RU",), "ru"),
        (("kk", "ru"), "ru"),
        ((None, "fr"), "fr"),
        (("kk", "uz"), "en"),
        (("fro",), "en"),
        (("",), "en"),
        ((), "en"),
    ],
)
def test_the_readers_language_then_the_publications_then_english(
    wanted: tuple[str | None, ...], found: str
) -> None:
    assert language_of(*wanted) == found

import pytest

from domain.teaser import Boundary, Measure, Policy, TeaserSettings, budget, cut
from tests.domain.bodies import many, para

SETTINGS = TeaserSettings(ellipsis="")


@pytest.mark.parametrize(
    ("total", "most"),
    [(0, 0), (1, 0), (2, 1), (5, 4), (9, 8), (10, 9), (11, 9), (19, 17), (20, 18), (21, 18), (100, 90), (101, 90)],
)
def test_a_policy_shows_at_most_nine_tenths_and_never_all(total: int, most: int) -> None:
    assert budget(Policy(Measure.WORDS, 100_000), total) == most
    assert budget(Policy(Measure.PERCENT, 100), total) == most
    assert budget(Policy(Measure.BLOCKS, 1), total) == most
    assert budget(Policy(Measure.MARKER, 0), total) == most


@pytest.mark.parametrize(
    ("measure", "amount", "total", "words"),
    [
        (Measure.WORDS, 0, 100, 0),
        (Measure.WORDS, 1, 100, 1),
        (Measure.WORDS, 89, 100, 89),
        (Measure.WORDS, 91, 100, 90),
        (Measure.WORDS, 261, 1427, 261),
        (Measure.PERCENT, 0, 100, 0),
        (Measure.PERCENT, 20, 100, 20),
        (Measure.PERCENT, 20, 104, 20),
        (Measure.PERCENT, 20, 105, 21),
        (Measure.PERCENT, 33, 10, 3),
        (Measure.PERCENT, 95, 100, 90),
        (Measure.PERCENT, 20, 4, 0),
    ],
)
def test_words_and_percents_become_words(measure: Measure, amount: int, total: int, words: int) -> None:
    assert budget(Policy(measure, amount), total) == words


@pytest.mark.parametrize(
    ("words", "step", "remaining"),
    [
        (0, 10, 100),
        (1, 10, 90),
        (10, 10, 90),
        (11, 10, 80),
        (20, 10, 80),
        (85, 10, 10),
        (90, 10, 10),
        (100, 10, 10),
        (0, 1, 100),
        (1, 1, 99),
        (90, 1, 10),
        (1, 25, 75),
        (26, 25, 50),
        (76, 25, 25),
        (90, 25, 25),
        (90, 50, 50),
        (50, 50, 50),
    ],
)
def test_what_remains_is_rounded_down_to_a_step_but_never_to_nothing(
    words: int, step: int, remaining: int
) -> None:
    settings = TeaserSettings(remaining_step=step)
    policy = Policy(Measure.WORDS, words, Boundary.WORD)
    assert cut("", (para(many(100)),), policy, settings).remaining_percent == remaining


@pytest.mark.parametrize(
    ("standfirst", "body", "words", "remaining"),
    [(10, 90, 10, 90), (10, 90, 0, 90), (10, 90, 30, 70), (50, 50, 0, 50), (99, 1, 0, 10), (100, 0, 0, 10)],
)
def test_the_standfirst_never_remains(standfirst: int, body: int, words: int, remaining: int) -> None:
    policy = Policy(Measure.WORDS, words, Boundary.WORD)
    assert cut(many(standfirst), (para(many(body)),), policy, SETTINGS).remaining_percent == remaining


def test_all_of_an_article_without_words_remains() -> None:
    assert cut("", (), Policy(), SETTINGS).remaining_percent == 100


def test_an_article_with_the_measures_of_a_long_one_reports_eighty() -> None:
    body = (para(many(1397)),)
    teaser = cut(many(30), body, Policy(Measure.WORDS, 261, Boundary.WORD), SETTINGS)
    assert teaser.remaining_percent == 80
    assert teaser.body == (para(many(231)),)

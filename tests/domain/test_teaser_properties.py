from hypothesis import given
from hypothesis import strategies as st

from domain.body import Body, Paywall, Text, without_paywall
from domain.teaser import Boundary, Measure, Policy, TeaserSettings, cut, words_of
from domain.words import count
from tests.domain.bodies import TEXTS, bodies, facts, facts_behind, is_beginning

BODIES = bodies(paywall=True)
POLICIES = st.builds(Policy, st.sampled_from(Measure), st.integers(0, 100), st.sampled_from(Boundary))
POLICIES_IN_WORDS = st.builds(
    Policy, st.sampled_from([Measure.WORDS, Measure.PERCENT]), st.integers(0, 100), st.sampled_from(Boundary)
)
PLAIN = TeaserSettings(ellipsis="")


def total(standfirst: str, body: Body) -> int:
    return count(standfirst) + words_of(body)


@given(TEXTS, BODIES, POLICIES)
def test_a_teaser_is_a_beginning_of_what_is_delivered_whole(standfirst: str, body: Body, policy: Policy) -> None:
    shown = cut(standfirst, body, policy, PLAIN).body
    assert is_beginning(shown, without_paywall(body))
    assert not any(isinstance(block, Paywall) for block in shown)


@given(TEXTS, BODIES, POLICIES)
def test_a_teaser_never_shows_everything(standfirst: str, body: Body, policy: Policy) -> None:
    shown, whole = cut(standfirst, body, policy, PLAIN).body, without_paywall(body)
    assert shown != whole or not whole
    if words_of(whole):
        assert words_of(shown) < words_of(whole)
    else:
        assert shown == ()


@given(TEXTS, BODIES, POLICIES)
def test_a_tenth_stays_hidden_unless_the_standfirst_has_it(standfirst: str, body: Body, policy: Policy) -> None:
    shown = cut(standfirst, body, policy, PLAIN).body
    if shown:
        assert total(standfirst, shown) * 10 <= total(standfirst, body) * 9


@given(TEXTS, BODIES, st.integers(0, 40), st.sampled_from(Boundary))
def test_a_teaser_has_no_more_words_than_its_policy(
    standfirst: str, body: Body, amount: int, boundary: Boundary
) -> None:
    shown = cut(standfirst, body, Policy(Measure.WORDS, amount, boundary), PLAIN).body
    assert words_of(shown) <= max(0, amount - count(standfirst))


@given(TEXTS, BODIES, st.integers(0, 100), st.sampled_from(Boundary))
def test_a_teaser_has_no_larger_share_than_its_policy(
    standfirst: str, body: Body, amount: int, boundary: Boundary
) -> None:
    shown = cut(standfirst, body, Policy(Measure.PERCENT, amount, boundary), PLAIN).body
    if shown:
        assert total(standfirst, shown) * 100 <= total(standfirst, body) * amount


@given(BODIES, st.sampled_from(Boundary))
def test_nothing_behind_the_marker_is_shown(body: Body, boundary: Boundary) -> None:
    shown = cut("", body, Policy(Measure.MARKER, 0, boundary), PLAIN).body
    marks = [at for at, block in enumerate(body) if isinstance(block, Paywall)]
    free = body[: marks[0]] if marks else ()
    assert is_beginning(shown, free)
    assert facts(shown) <= facts(free)


@given(BODIES, st.integers(0, 8), st.sampled_from(Boundary))
def test_no_more_blocks_than_asked_for_are_shown(body: Body, amount: int, boundary: Boundary) -> None:
    assert len(cut("", body, Policy(Measure.BLOCKS, amount, boundary), PLAIN).body) <= amount


@given(TEXTS, BODIES, POLICIES)
def test_no_mark_link_or_key_of_the_hidden_part_appears(standfirst: str, body: Body, policy: Policy) -> None:
    shown, whole = cut(standfirst, body, policy, TeaserSettings()).body, without_paywall(body)
    plain = cut(standfirst, body, policy, PLAIN).body
    assert facts(shown) == facts(plain)
    assert facts(shown).isdisjoint(facts_behind(whole, plain))
    assert [block.key for block in shown] == [block.key for block in whole[: len(shown)]]


@given(TEXTS, BODIES, POLICIES)
def test_a_teaser_ends_with_no_heading_and_no_emptiness(standfirst: str, body: Body, policy: Policy) -> None:
    shown = cut(standfirst, body, policy, PLAIN).body
    if shown and isinstance(shown[-1], Text):
        assert not shown[-1].is_heading
        assert count(shown[-1].text) > 0


@given(TEXTS, BODIES, POLICIES_IN_WORDS, st.integers(0, 50))
def test_a_longer_policy_never_shows_less(standfirst: str, body: Body, policy: Policy, more: int) -> None:
    longer = Policy(policy.measure, policy.amount + more, policy.boundary)
    short, long = (cut(standfirst, body, one, PLAIN) for one in (policy, longer))
    assert is_beginning(short.body, long.body)
    assert short.remaining_percent >= long.remaining_percent


@given(TEXTS, BODIES, POLICIES, st.integers(1, 50))
def test_what_remains_is_a_step_and_no_more_than_what_is_hidden(
    standfirst: str, body: Body, policy: Policy, step: int
) -> None:
    teaser = cut(standfirst, body, policy, TeaserSettings(ellipsis="", remaining_step=step))
    hidden, whole = words_of(body) - words_of(teaser.body), total(standfirst, body)
    if whole:
        assert teaser.remaining_percent % step == 0
        assert teaser.remaining_percent == step or teaser.remaining_percent * whole <= hidden * 100
        assert (teaser.remaining_percent + step) * whole > hidden * 100
    assert step <= teaser.remaining_percent <= 100


@given(TEXTS, BODIES, POLICIES, st.sampled_from([" …", " . . .", "[more to come]"]))
def test_the_ellipsis_changes_nothing_but_the_end(
    standfirst: str, body: Body, policy: Policy, ellipsis: str
) -> None:
    plain = cut(standfirst, body, policy, PLAIN)
    teaser = cut(standfirst, body, policy, TeaserSettings(ellipsis=ellipsis))
    assert teaser.remaining_percent == plain.remaining_percent
    assert teaser.body[:-1] == plain.body[:-1]
    if teaser.body and isinstance(last := teaser.body[-1], Text) and isinstance(before := plain.body[-1], Text):
        assert last.text.endswith(ellipsis)
        assert before.text.startswith(last.text.removesuffix(ellipsis))

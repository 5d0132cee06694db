from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.issuers import GIVEN, Issuer, Outsider
from domain.people import Account, Person, Role

NOW = datetime(2026, 1, 31, tzinfo=UTC)
MAPPED = {"abonne": Role.SUBSCRIBER, "chef": Role.ADMIN}


def issuer(*path: str, default: Role | None = None, roles: dict[str, Role] | None = None) -> Issuer:
    return Issuer("https://login.test", "api", role_claim=path, roles=roles or MAPPED, default_role=default)


@pytest.mark.parametrize(
    ("path", "claims", "roles"),
    [
        (("roles",), {"roles": ["abonne", "other"]}, {Role.SUBSCRIBER}),
        (("roles",), {"roles": "abonne"}, {Role.SUBSCRIBER}),
        (("roles",), {"roles": "abonne chef"}, set()),
        (("scope",), {"scope": "abonne chef"}, {Role.SUBSCRIBER, Role.ADMIN}),
        (("a", "scp"), {"a": {"scp": "chef"}}, {Role.ADMIN}),
        (("a", "b"), {"a": {"b": ["chef"]}, "b": ["abonne"]}, {Role.ADMIN}),
        (("a", "b"), {"a": ["b", "chef"]}, set()),
        (("roles",), {"roles": {"chef": True}}, set()),
        (("roles",), {"roles": [None, 1, ["chef"], {"chef": 1}]}, set()),
        (("roles",), {}, set()),
        ((), {"roles": ["chef"], "": ["chef"]}, set()),
    ],
)
def test_claims_give_the_roles_that_are_mapped(
    path: tuple[str, ...], claims: dict[str, object], roles: set[Role]
) -> None:
    assert issuer(*path).roles_of(claims) == roles
    assert issuer(*path, default=Role.READER).roles_of(claims) == roles | {Role.READER}


def test_nobody_is_made_a_partner_even_by_a_mapping() -> None:
    one = issuer("roles", roles={"wire": Role.PARTNER}, default=Role.PARTNER)
    assert one.roles_of({"roles": ["wire"]}) == set()
    assert Role.PARTNER not in GIVEN


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([*MAPPED, *Role, "roles", "a"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["roles", "a", "scope"]), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["roles", "a", "scope"]), values))
def test_whatever_claims_say_gives_mapped_roles_and_no_others(claims: dict[str, object]) -> None:
    for path in (("roles",), ("a", "roles"), ("scope",), ()):
        assert issuer(*path).roles_of(claims) <= set(MAPPED.values())


def test_an_outsider_is_what_the_token_says_and_has_what_the_account_has() -> None:
    account = Account(
        "id", "", "Reader", frozenset({Role.ADMIN}), frozenset({"gold"}), opens=frozenset({"x"}), language="fr"
    )
    outsider = Outsider("https://login.test", "ada", frozenset({Role.READER}), NOW, NOW, NOW)
    person = outsider.person(account)
    assert person == Person(
        "id",
        frozenset({Role.READER}),
        frozenset({"gold"}),
        frozenset({"x"}),
        language="fr",
        issuer="https://login.test",
    )
    assert account.is_outside

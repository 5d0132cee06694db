from itertools import product
from typing import cast

import pytest

from domain import permissions
from domain.people import ANONYMOUS, Account, Person, Role
from domain.permissions import Permission, may, may_see_article

# reader subscriber partner cashier contributor editor admin
TABLE = {
    Permission.USE_NEWSROOM: (False, False, False, False, True, True, True),
    Permission.EDIT_OWN_ARTICLES: (False, False, False, False, True, True, True),
    Permission.EDIT_ALL_ARTICLES: (False, False, False, False, False, True, True),
    Permission.EDIT_TAGS: (False, False, False, False, False, True, True),
    Permission.EDIT_CONTRIBUTORS: (False, False, False, False, False, True, True),
    Permission.EDIT_MEDIA: (False, False, False, False, False, True, True),
    Permission.SEE_OWN_ACCOUNT: (True, True, True, True, True, True, True),
    Permission.USE_OWN_ACCOUNT: (True, True, True, True, True, True, True),
    Permission.EDIT_OWN_ACCOUNT: (True, True, False, True, True, True, True),
    Permission.GIVE_ARTICLES: (True, True, False, True, True, True, True),
    Permission.EDIT_ACCOUNTS: (False, False, False, False, False, False, True),
    Permission.EDIT_PLANS: (False, False, False, False, False, False, True),
    Permission.EDIT_SUBSCRIPTIONS: (False, False, False, True, False, False, True),
    Permission.EDIT_CLIENTS: (False, False, False, False, False, False, True),
    Permission.EDIT_LICENCES: (False, False, False, False, False, False, True),
    Permission.ACKNOWLEDGE: (False, False, True, False, False, False, False),
    Permission.SEE_EVENTS: (False, False, False, False, False, False, True),
}
ROLES = (Role.READER, Role.SUBSCRIBER, Role.PARTNER, Role.CASHIER, Role.CONTRIBUTOR, Role.EDITOR, Role.ADMIN)


def someone(*roles: Role, account_id: str = "me") -> Person:
    return Person(account_id, frozenset(roles))


def test_the_table_speaks_of_every_permission_and_role() -> None:
    assert set(TABLE) == set(Permission)
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("permission", Permission)
def test_a_role_has_the_permissions_of_the_table(permission: Permission) -> None:
    for role, granted in zip(ROLES, TABLE[permission], strict=True):
        assert may(someone(role), permission) is granted
        assert not may(Person(None, frozenset({role})), permission)
    assert not may(ANONYMOUS, permission)
    assert not may(someone(), permission)
    assert not may(someone(cast("Role", "owner")), permission)


@pytest.mark.parametrize("permission", Permission)
def test_two_roles_have_the_permissions_of_both(permission: Permission) -> None:
    granted = dict(zip(ROLES, TABLE[permission], strict=True))
    for one, other in product(ROLES, ROLES):
        assert may(someone(one, other), permission) is (granted[one] or granted[other])


@pytest.mark.parametrize("role", Role)
def test_a_permission_without_a_row_is_nobodys(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not may(someone(role), cast("Permission", "newspapers"))
    monkeypatch.setattr(permissions, "PERMISSIONS", {})
    assert not any(may(someone(role), permission) for permission in Permission)


@pytest.mark.parametrize(
    ("role", "own", "of_others"),
    [
        (Role.READER, False, False),
        (Role.SUBSCRIBER, False, False),
        (Role.PARTNER, False, False),
        (Role.CASHIER, False, False),
        (Role.CONTRIBUTOR, True, False),
        (Role.EDITOR, True, True),
        (Role.ADMIN, True, True),
    ],
)
def test_who_may_know_of_a_draft(role: Role, own: bool, of_others: bool) -> None:
    assert may_see_article(someone(role), "me") is own
    assert may_see_article(someone(role), "somebody else") is of_others
    assert may_see_article(someone(role), "") is of_others
    assert may_see_article(someone(Role.READER, role), "me") is own
    assert not may_see_article(Person(None, frozenset({role})), "me")


def test_the_anonymous_may_know_of_no_draft() -> None:
    assert not may_see_article(ANONYMOUS, "")
    assert not may_see_article(someone(), "me")


@pytest.mark.parametrize(
    ("has", "claims", "is_left"),
    [
        ({Role.READER}, {Role.READER}, {Role.READER}),
        ({Role.READER}, {Role.READER, Role.ADMIN}, {Role.READER}),
        ({Role.READER, Role.ADMIN}, {Role.READER}, {Role.READER}),
        ({Role.ADMIN}, {Role.READER}, set()),
        (set(), set(Role), set()),
        (set(Role), set(), set()),
    ],
)
def test_a_token_gives_no_role_that_the_account_has_lost(
    has: set[Role], claims: set[Role], is_left: set[Role]
) -> None:
    account = Account("id", "a@example.org", "A", frozenset(has), frozenset({"gold"}))
    assert account.as_person(frozenset(claims)) == Person("id", frozenset(is_left), frozenset({"gold"}))


def test_who_has_an_account_is_not_anonymous() -> None:
    assert ANONYMOUS.is_anonymous
    assert not someone().is_anonymous
    assert not someone(Role.READER).has_any(frozenset())

"""Who may do what: one table. What it does not name is denied."""

from collections.abc import Mapping
from enum import StrEnum

from domain.people import Person, Role


class Permission(StrEnum):
    """Something that an operation needs; the contract shows it as `x-permission`."""

    USE_NEWSROOM = "newsroom"
    EDIT_OWN_ARTICLES = "articles.own"
    EDIT_ALL_ARTICLES = "articles.all"
    EDIT_TAGS = "tags"
    EDIT_CONTRIBUTORS = "contributors"
    EDIT_MEDIA = "media"
    SEE_OWN_ACCOUNT = "account"
    USE_OWN_ACCOUNT = "account.use"
    EDIT_OWN_ACCOUNT = "account.own"
    GIVE_ARTICLES = "gifts"
    EDIT_ACCOUNTS = "accounts"
    EDIT_PLANS = "plans"
    EDIT_SUBSCRIPTIONS = "subscriptions"
    EDIT_CLIENTS = "clients"
    EDIT_LICENCES = "licences"
    ACKNOWLEDGE = "acknowledgements"
    SEE_EVENTS = "events"


_EVERYBODY_KNOWN = frozenset(Role)
_EDITORS = frozenset({Role.EDITOR, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})
_TILL = frozenset({Role.CASHIER, Role.ADMIN})
_NEWSROOM = _EDITORS | {Role.CONTRIBUTOR}

PERMISSIONS: Mapping[Permission, frozenset[Role]] = {
    Permission.USE_NEWSROOM: _NEWSROOM,
    Permission.EDIT_OWN_ARTICLES: _NEWSROOM,
    Permission.EDIT_ALL_ARTICLES: _EDITORS,
    Permission.EDIT_TAGS: _EDITORS,
    Permission.EDIT_CONTRIBUTORS: _EDITORS,
    Permission.EDIT_MEDIA: _EDITORS,
    Permission.SEE_OWN_ACCOUNT: _EVERYBODY_KNOWN,
    Permission.USE_OWN_ACCOUNT: _EVERYBODY_KNOWN,
    Permission.EDIT_OWN_ACCOUNT: _EVERYBODY_KNOWN - {Role.PARTNER},  # what a partner is, is agreed with it
    Permission.GIVE_ARTICLES: _EVERYBODY_KNOWN - {Role.PARTNER},  # whether they may is decided article by article
    Permission.EDIT_ACCOUNTS: _ADMINS,
    Permission.EDIT_PLANS: _ADMINS,
    Permission.EDIT_SUBSCRIPTIONS: _TILL,
    Permission.EDIT_CLIENTS: _ADMINS,
    Permission.EDIT_LICENCES: _ADMINS,
    Permission.ACKNOWLEDGE: frozenset({Role.PARTNER}),
    Permission.SEE_EVENTS: _ADMINS,
}
OF_CLIENTS = frozenset({Permission.SEE_OWN_ACCOUNT, Permission.ACKNOWLEDGE, Permission.EDIT_SUBSCRIPTIONS})
"""What a client may whose role holds it: it has no account, and nobody's rights but a partner's or a till's."""


def may(person: Person, permission: Permission) -> bool:
    """Whether this person's roles hold the permission."""
    if person.is_client and permission not in OF_CLIENTS:
        return False
    return person.has_any(PERMISSIONS.get(permission, frozenset()))


def may_see_article(person: Person, created_by: str) -> bool:
    """Whether this person may know of somebody's working draft."""
    if may(person, Permission.EDIT_ALL_ARTICLES):
        return True
    return may(person, Permission.EDIT_OWN_ARTICLES) and person.account_id == created_by

"""Accounts, with the plans that they have and what these open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, Stale
from domain.issuers import Identity
from domain.people import Account, Role
from domain.plans import openings
from infra import email_addresses
from infra import plans as plan_rows
from infra.subscriptions import next_moment, opens
from infra.tables import accounts, identities, plan_tags, plans, sessions, subscriptions
from infra.visibility import NOW

_SUBSCRIBED = (subscriptions.c.account_id == accounts.c.id) & opens()
_OF = subscriptions.alias()
_MOMENT = next_moment(NOW, _OF)
_NEXT_MOMENT = select(func.min(_MOMENT)).where(_OF.c.account_id == accounts.c.id, _MOMENT > NOW).scalar_subquery()
_OPENS_TAGS = select(literal(1)).select_from(plan_tags).where(plan_tags.c.plan_id == plans.c.id).exists()
_WITH_PLANS = select(
    accounts,
    subscriptions.c.plan,
    plans.c.id.label("plan_id"),
    plans.c.opens_everything,
    _OPENS_TAGS.label("opens_tags"),
    _NEXT_MOMENT.label("plans_until"),
).select_from(
    accounts.outerjoin(subscriptions, _SUBSCRIBED).outerjoin(plans, plans.c.slug == subscriptions.c.plan)
)
_ADMITTED = ~accounts.c.is_blocked  # to everything but the administration, who is blocked is nobody
_BY_ID = _WITH_PLANS.where(accounts.c.id == bindparam("account_id"))
_OPEN = exists().where(
    sessions.c.id == bindparam("session_id"),
    sessions.c.account_id == accounts.c.id,
    sessions.c.expires_at > NOW,
)
_BY_ID_ADMITTED = _BY_ID.where(_ADMITTED)
_BY_SESSION = _BY_ID_ADMITTED.where(_OPEN)
_IS_IDENTIFIED = exists().where(
    identities.c.issuer == bindparam("issuer"),
    identities.c.subject == bindparam("subject"),
    identities.c.account_id == accounts.c.id,
)
_BY_IDENTITY = _WITH_PLANS.where(_IS_IDENTIFIED)
_BY_EMAIL = select(accounts).where(
    accounts.c.email == bindparam("normalised"), accounts.c.email != accounts.c.id, _ADMITTED
)


def normalised(email: str) -> str:
    """Return an e-mail address as accounts are found by it, be it one that we would write to or not."""
    try:
        return email_addresses.checked(email.strip())
    except ValueError:
        return email.strip().lower()


async def get(
    connection: AsyncConnection, account_id: str, *, now: datetime, session_id: str | None = None
) -> Account | None:
    """Return an account that is not blocked, with the plans that it has at this moment.

    In a session it is returned only if that has not ended.
    """
    given = {"account_id": account_id, NOW.key: now}
    if session_id is None:
        rows = (await connection.execute(_BY_ID_ADMITTED, given)).all()
    else:
        rows = (await connection.execute(_BY_SESSION, {**given, "session_id": session_id})).all()
    return await _account(connection, rows) if rows else None


async def get_identified(connection: AsyncConnection, identity: Identity, *, now: datetime) -> Account | None:
    """Return the account that somebody from outside has, be it blocked or not, with the plans that it has now."""
    given = {"issuer": identity.issuer, "subject": identity.subject, NOW.key: now}
    rows = (await connection.execute(_BY_IDENTITY, given)).all()
    return await _account(connection, rows) if rows else None


async def get_any(connection: AsyncConnection, account_id: str, *, now: datetime) -> Account | None:
    """Return an account as the administration has it, be it blocked or not."""
    rows = (await connection.execute(_BY_ID, {"account_id": account_id, NOW.key: now})).all()
    return await _account(connection, rows) if rows else None


async def find_to_sign_in(connection: AsyncConnection, email: str) -> tuple[Account, str] | None:
    """Return the account of an e-mail address and the hash of its password; of who is blocked, nothing.

    It comes without its plans: to look for them would tell by the time whether there is an account.
    """
    row = (await connection.execute(_BY_EMAIL, {"normalised": normalised(email)})).one_or_none()
    if row is None:
        return None
    account = Account(row.id, _email(row), row.name, _roles_in(row.roles), frozenset(), language=row.language)
    return account, row.password_hash


async def is_taken(connection: AsyncConnection, email: str, *, by_another_than: str = "") -> bool:
    """Tell whether another account has an e-mail address."""
    same = (accounts.c.email == normalised(email)) & (accounts.c.id != by_another_than)
    return await connection.scalar(select(accounts.c.id).where(same)) is not None


async def with_hash(connection: AsyncConnection, account_id: str, *, now: datetime) -> tuple[Account, str] | None:
    """Return an account that is not blocked and the hash of its password."""
    rows = (await connection.execute(_BY_ID_ADMITTED, {"account_id": account_id, NOW.key: now})).all()
    return (await _account(connection, rows), rows[0].password_hash) if rows else None


async def hold(connection: AsyncConnection, account_id: str, *, now: datetime) -> tuple[Account, str] | None:
    """Return an account and the hash of its password; what else would change it, or go on with it, waits."""
    query = _BY_ID_ADMITTED.with_for_update(of=accounts, key_share=True)
    rows = (await connection.execute(query, {"account_id": account_id, NOW.key: now})).all()
    return (await _account(connection, rows), rows[0].password_hash) if rows else None


async def change(connection: AsyncConnection, account_id: str, **values: str | None) -> None:
    """Change an account: its `name`, `language`, `email` (as accounts are found by it) or `password_hash`."""
    changed = {**values, "version": accounts.c.version + 1}
    await connection.execute(update(accounts).where(accounts.c.id == account_id).values(changed))


async def count(connection: AsyncConnection) -> int:
    """Return how many accounts there are."""
    return await connection.scalar(select(func.count()).select_from(accounts)) or 0


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of accounts asks for. The fields are the only ways to filter."""

    email: str | None = None
    role: Role | None = None
    issuer: str | None = None
    subject: str | None = None
    before: str | None = None


async def page(connection: AsyncConnection, listing: Listing, *, now: datetime, limit: int) -> list[Account]:
    """Return the next accounts with their plans, the newest first."""
    ids = select(accounts.c.id).order_by(accounts.c.id.desc()).limit(limit)
    if listing.email is not None:
        ids = ids.where(accounts.c.email == normalised(listing.email))
    if listing.role is not None:
        ids = ids.where(_has(listing.role))
    if listing.issuer is not None or listing.subject is not None:
        ids = ids.where(accounts.c.id.in_(_identified(listing)))
    if listing.before is not None:
        ids = ids.where(accounts.c.id < listing.before)
    rows: dict[str, list[Row[Any]]] = {}
    shown = _WITH_PLANS.where(accounts.c.id.in_(ids)).order_by(accounts.c.id.desc())
    for row in await connection.execute(shown, {NOW.key: now}):
        rows.setdefault(row.id, []).append(row)
    return [_bare(some) for some in rows.values()]


def _identified(listing: Listing) -> Select[Any]:
    found = select(identities.c.account_id)
    if listing.issuer is not None:
        found = found.where(identities.c.issuer == listing.issuer)
    return found if listing.subject is None else found.where(identities.c.subject == listing.subject)


def _has(role: Role) -> ColumnElement[bool]:
    return (literal(" ") + accounts.c.roles + " ").contains(f" {role} ")


async def add(connection: AsyncConnection, account: Account, *, password_hash: str, now: datetime) -> None:
    """Add an account; its plans are subscriptions of their own."""
    if not account.is_outside and await is_taken(connection, account.email):
        raise Conflict("There is an account with this e-mail address already.", rule="email")
    await connection.execute(
        accounts.insert().values(
            id=account.id,
            email=_kept(account),
            name=account.name,
            password_hash=password_hash,
            roles=_roles(account.roles),
            language=account.language,
            created_at=now,
        )
    )


async def save(connection: AsyncConnection, account: Account, *, before: Account) -> None:
    """Save a changed account, unless somebody was faster. Somebody is left who can administer."""
    if not _administers(account):
        await keep_an_admin(connection, without=before)
    if not account.is_outside and await is_taken(connection, account.email, by_another_than=account.id):
        raise Conflict("There is an account with this e-mail address already.", rule="email")
    same = (accounts.c.id == account.id) & (accounts.c.version == before.version)
    result = await connection.execute(
        update(accounts)
        .where(same)
        .values(
            email=_kept(account),
            name=account.name,
            roles=_roles(account.roles),
            is_blocked=account.is_blocked,
            version=account.version,
        )
    )
    if result.rowcount != 1:
        raise Stale(current=account.version)


async def remove(connection: AsyncConnection, account: Account) -> None:
    """Remove an account with its subscriptions, unless somebody was faster or it is the last admin."""
    await keep_an_admin(connection, without=account)
    same = (accounts.c.id == account.id) & (accounts.c.version == account.version)
    if (await connection.execute(delete(accounts).where(same))).rowcount != 1:
        raise Stale(current=account.version + 1)


def _administers(account: Account) -> bool:
    return Role.ADMIN in account.roles and not account.is_blocked


async def keep_an_admin(connection: AsyncConnection, *, without: Account) -> None:
    """Refuse to lose the last who can administer. Of several that go at once, each waits for the one before."""
    if not _administers(without):
        return
    admins: Select[Any] = select(accounts.c.id).where(_has(Role.ADMIN), ~accounts.c.is_blocked)
    left = (await connection.scalars(admins.order_by(accounts.c.id).with_for_update())).all()
    if not set(left) - {without.id}:
        raise Conflict("Nobody would be left who can administer.", rule="last-admin")


async def set_roles(connection: AsyncConnection, account_id: str, roles: Iterable[Role]) -> None:
    """Give an account these roles and no others, from the next request on."""
    await connection.execute(update(accounts).where(accounts.c.id == account_id).values(roles=_roles(roles)))


def _kept(account: Account) -> str:
    """Return what stands in the row of an account for its address: its id where it has none, for it is unique."""
    return account.id if account.is_outside else normalised(account.email)


def _email(row: Row[Any]) -> str:
    return row.email if row.email != row.id else ""


def _roles_in(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in text.split() if role in set(Role))


def _roles(roles: Iterable[Role]) -> str:
    return " ".join(sorted(roles))


async def _account(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> Account:
    """Return the account that rows say, with what its plans open. Only for plans that open tags more is asked."""
    opening = {row.plan_id for row in rows if row.opens_tags}
    return _bare(rows, await plan_rows.headings_of(connection, opening))


def _bare(rows: Sequence[Row[Any]], headings: frozenset[str] = frozenset()) -> Account:
    first, ours = rows[0], [row for row in rows if row.plan_id is not None]
    opened = (openings(row.plan, headings, everything=row.opens_everything) for row in ours)
    return Account(
        first.id,
        _email(first),
        first.name,
        _roles_in(first.roles),
        frozenset(row.plan for row in rows if row.plan is not None),
        first.plans_until,
        opens=frozenset[str]().union(*opened),
        is_blocked=first.is_blocked,
        version=first.version,
        created_at=first.created_at,
        language=first.language,
    )

"""API clients as rows, and their secrets as digests."""

import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.clients import NOTED_EVERY, Client, Secret
from domain.errors import InUse, Stale, Use
from domain.people import Role
from infra.tables import client_secrets, clients, licences

_BY_DIGEST = (
    select(clients, *(client_secrets.c[name].label(f"secret_{name}") for name in Secret.__slots__))
    .join(client_secrets, client_secrets.c.client_id == clients.c.id)
    .where(client_secrets.c.digest == bindparam("digest"))
)
_BY_SECRET = (
    select(clients)
    .join(client_secrets, client_secrets.c.client_id == clients.c.id)
    .where(clients.c.id == bindparam("client_id"), client_secrets.c.id == bindparam("secret_id"))
)


def digest_of(secret: str) -> str:
    """Return what is kept of a client's secret: it is random enough for a digest that takes no time."""
    return sha256(secret.encode(errors="replace")).hexdigest()


async def find(connection: AsyncConnection, client_id: str, secret: str) -> tuple[Client, Secret] | None:
    """Return whose secret this is, if it is this client's. It asks the same whatever is wrong."""
    row = (await connection.execute(_BY_DIGEST, {"digest": digest_of(secret)})).one_or_none()
    if row is None or not hmac.compare_digest(client_id.encode(errors="replace"), row.id.encode()):
        return None
    return _client(row), Secret(**{name: getattr(row, f"secret_{name}") for name in Secret.__slots__})


async def by_secret(connection: AsyncConnection, client_id: str, secret_id: str) -> Client | None:
    """Return a client, blocked or not, while it has this secret."""
    given = {"client_id": client_id, "secret_id": secret_id}
    row = (await connection.execute(_BY_SECRET, given)).one_or_none()
    return _client(row) if row else None


async def note_use(connection: AsyncConnection, secret_id: str, *, now: datetime) -> None:
    """Note when a secret was used last, unless somebody has just done so."""
    used = client_secrets.c.last_used_at
    is_this = client_secrets.c.id == secret_id
    noting = update(client_secrets).where(is_this, or_(used.is_(None), used <= now - NOTED_EVERY))
    await connection.execute(noting.values(last_used_at=now))


async def page(connection: AsyncConnection, *, before: str | None, limit: int) -> list[Client]:
    """Return the next clients, the newest first."""
    query = select(clients).order_by(clients.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(clients.c.id < before)
    return [_client(row) for row in await connection.execute(query)]


async def get(connection: AsyncConnection, client_id: str) -> Client | None:
    """Return a client, blocked or not."""
    row = (await connection.execute(select(clients).where(clients.c.id == client_id))).one_or_none()
    return _client(row) if row else None


async def lock(connection: AsyncConnection, client_id: str) -> Client | None:
    """Return a client that nobody else changes, nor its secrets, before the transaction ends."""
    query = select(clients).where(clients.c.id == client_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    return _client(row) if row else None


async def secrets_of(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, tuple[Secret, ...]]:
    """Return the secrets of these clients, the oldest first."""
    found: dict[str, tuple[Secret, ...]] = dict.fromkeys(ids, ())
    columns = (client_secrets.c[name] for name in Secret.__slots__)
    query = select(*columns).where(client_secrets.c.client_id.in_(found)).order_by(client_secrets.c.id)
    for row in await connection.execute(query):
        found[row.client_id] += (Secret(**row._asdict()),)
    return found


async def add(connection: AsyncConnection, client: Client) -> None:
    """Add a client; its secrets are added by themselves."""
    known = {"id": client.id, "role": client.role, "created_at": client.created_at}
    await connection.execute(clients.insert().values(**known, **_said(client)))


async def add_secret(connection: AsyncConnection, secret: Secret, text: str) -> None:
    """Add a secret; nothing of its text is kept but a digest, and the prefix."""
    values = {name: getattr(secret, name) for name in Secret.__slots__}
    await connection.execute(client_secrets.insert().values(**values, digest=digest_of(text)))


async def save(connection: AsyncConnection, client: Client, *, before: Client) -> None:
    """Save a changed client, unless somebody was faster."""
    same = (clients.c.id == client.id) & (clients.c.version == before.version)
    if (await connection.execute(update(clients).where(same).values(**_said(client)))).rowcount != 1:
        raise Stale(current=client.version)


async def remove(connection: AsyncConnection, client: Client) -> None:
    """Remove a client with its secrets, unless somebody was faster, or it has a licence."""
    licence_id = await connection.scalar(select(licences.c.id).where(licences.c.client_id == client.id))
    if licence_id is not None:
        detail = "The client has a licence. Delete that first, or block the client."
        raise InUse(detail, used_by=(Use("licence", licence_id),))
    same = (clients.c.id == client.id) & (clients.c.version == client.version)
    if (await connection.execute(delete(clients).where(same))).rowcount != 1:
        raise Stale(current=client.version + 1)


async def remove_secret(connection: AsyncConnection, client_id: str, secret_id: str) -> bool:
    """Remove a secret of a client's, and tell whether it was there."""
    same = (client_secrets.c.id == secret_id) & (client_secrets.c.client_id == client_id)
    return (await connection.execute(delete(client_secrets).where(same))).rowcount == 1


def _said(client: Client) -> dict[str, Any]:
    return {
        "name": client.name,
        "networks": " ".join(client.networks),
        "is_blocked": client.is_blocked,
        "version": client.version,
    }


def _client(row: Row[Any]) -> Client:
    networks = tuple(row.networks.split())
    return Client(row.id, Role(row.role), row.name, networks, row.is_blocked, row.version, row.created_at)

"""What tests make things with: a clock, people, and an editor who writes by the API."""

import json
import re
import struct
import zlib
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pyvips

from api.parts import Parts
from domain.people import Account, Role
from domain.subscriptions import Subscription
from infra import accounts, subscriptions
from infra.ids import new_id

Json = dict[str, Any]
_numbers = count(1)


NOBODY = "01970000-0000-7000-8000-000000000000"


def somewhere(path: str, **given: str) -> str:
    """An operation's path with values of the right form for every parameter, that nothing has."""
    names = re.findall(r"{(\w+)}", path)
    usual = {"action": "publish", "rendition": "original", "number": "1"}
    values = {name: NOBODY if name.endswith("_id") else "nowhere" for name in names}
    return path.format(**{**values, **usual, **given})


class Clock:
    """A clock that tests set. It moves a millisecond a look, so that no two changes share a time."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


class People:
    """Makes accounts straight in the database, and tokens with the application's own key."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    async def add(self, *roles: str, plans: tuple[str, ...] = (), password_hash: str = "!") -> Account:
        account_id = new_id()
        account = Account(
            account_id, f"{account_id}@example.org", "Somebody", frozenset(map(Role, roles)), frozenset(plans)
        )
        now = self.parts.sources.now()
        async with self.parts.database.write() as connection:
            await accounts.add(connection, account, password_hash=password_hash, now=now)
            for plan in plans:
                await subscriptions.add(connection, Subscription(new_id(), account_id, plan, starts_at=now))
        return account

    def token(self, account: Account, *, seconds: int = 3600) -> str:
        return self.parts.tokens.issue(
            account.id, account.roles, now=self.parts.sources.now(), seconds=seconds, token_id=new_id()
        )

    async def headers(self, *roles: str, plans: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of a new account; of nobody without a role, or with 'anonymous'."""
        if not roles or roles == ("anonymous",):
            return {}
        return {"Authorization": f"Bearer {self.token(await self.add(*roles, plans=plans))}"}


def paragraph(text: str, **fields: Any) -> Json:
    """A text block with one span."""
    return {"_type": "block", "children": [{"_type": "span", "text": text}], **fields}


def words(count: int, *, stem: str = "w") -> str:
    """A text of so many words, in sentences of five."""
    return " ".join(f"{stem}{at}{'.' if at % 5 == 4 else ''}" for at in range(count))


def png(width: int = 8, height: int = 6, shade: int = 0) -> bytes:
    """A small valid PNG."""
    rows = b"".join(b"\x00" + bytes([shade, 128, 255]) * width for _ in range(height))
    return png_of(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(rows))


def kept_png(width: int = 8, height: int = 6, shade: int = 0) -> bytes:
    """A PNG that is kept as it is, because the same library has written it."""
    data: bytes = pyvips.Image.new_from_buffer(png(width, height, shade), "").pngsave_buffer(keep="none")
    return data


def another_png() -> bytes:
    """A small valid PNG that has not been made before, nor by `png`: its first pixel is a number."""
    width, height = 8, 6
    pixels = next(_numbers).to_bytes(3, "big") + b"\x09" * (3 * (width * height - 1))
    rows = b"".join(b"\x00" + pixels[3 * width * at : 3 * width * (at + 1)] for at in range(height))
    return png_of(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(rows))


def png_of(header: bytes, data: bytes) -> bytes:
    """A PNG file with this header and these compressed rows."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def lines(*rows: Any) -> Json:
    """What httpx needs to send a bulk of these rows; text stands for itself."""
    content = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    return {"content": content.encode(), "headers": {"Content-Type": "application/x-ndjson"}}


class Newsroom:
    """Somebody who writes by the API. Every method asserts that it worked and returns the resource."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def send(self, method: str, path: str, *, version: int | None = None, **request: Any) -> httpx.Response:
        headers = {**self.headers, **request.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.client.request(method, f"/v1/editorial{path}", headers=headers, **request)

    async def tag(self, slug: str, **fields: Any) -> Json:
        return _made(await self.send("POST", "/tags", json={"slug": slug, "name": slug.title(), **fields}))

    async def contributor(self, slug: str, **fields: Any) -> Json:
        form = {"slug": slug, "name": slug.title(), **fields}
        return _made(await self.send("POST", "/contributors", json=form))

    async def medium(self, data: bytes | None = None, **fields: str) -> Json:
        """A picture; another one each time, unless its bytes are given, because the same file is taken once."""
        said = {"alt": "Alt", "caption": "Caption", "credit": "Credit", "licence": "CC BY 4.0", **fields}
        files = {"file": ("picture.png", data or another_png())}
        return _made(await self.send("POST", "/media", data=said, files=files))

    async def draft(self, **fields: Any) -> Json:
        form = {"title": "A title", "language": "en", "body": [paragraph(words(100))], **fields}
        return _made(await self.send("POST", "/articles", json=form))

    async def edit(self, article: Json, **fields: Any) -> Json:
        path = f"/articles/{article['id']}"
        return _made(await self.send("PATCH", path, version=article["version"], json=fields))

    async def act(self, article: Json, action: str, **form: Any) -> Json:
        path = f"/articles/{article['id']}/actions/{action}"
        return _made(await self.send("POST", path, version=article["version"], json=form))

    async def published(self, **fields: Any) -> Json:
        """A new article that is live."""
        return await self.act(await self.draft(**fields), "publish")


PLAN: Json = {
    "names": {"en": "Monthly", "fr": "Au mois"},
    "price": {"amount": "3.00", "currency": "EUR"},
    "period": "P1M",
    "url": "https://www.test/buy",
}


class Office:
    """Somebody who administers by the API. Every method asserts that it worked and returns the resource."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def send(self, method: str, path: str, *, version: int | None = None, **request: Any) -> httpx.Response:
        headers = {**self.headers, **request.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.client.request(method, f"/v1/admin{path}", headers=headers, **request)

    async def plan(self, slug: str, **fields: Any) -> Json:
        return _made(await self.send("POST", "/plans", json={"slug": slug, **PLAN, **fields}))

    async def subscribe(self, account_id: str, plan: str, **fields: Any) -> Json:
        form = {"account_id": account_id, "plan": plan, **fields}
        return _made(await self.send("POST", "/subscriptions", json=form))

    async def licence(self, client_id: str, **fields: Any) -> Json:
        form = {"client_id": client_id, "articles": "everything", **fields}
        return _made(await self.send("POST", "/licences", json=form))

    async def edit(self, kind: str, one: Json, **fields: Any) -> Json:
        path = f"/{kind}/{one['slug' if kind == 'plans' else 'id']}"
        return _made(await self.send("PATCH", path, version=one["version"], json=fields))

    async def revoke(self, one: Json) -> Json:
        return _made(await self.send("POST", f"/subscriptions/{one['id']}/revoke", version=one["version"]))

    async def account(self, account_id: str) -> Json:
        return _made(await self.send("GET", f"/accounts/{account_id}"))


def _made(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    made: Json = response.json()
    return made

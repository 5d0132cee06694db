"""Loads the example newsroom, by the road that every newsroom takes: this server's own API.

The articles are Markdown with TOML front matter under `articles/`; `newsroom.toml` holds the rest.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

from api.app import create_app
from domain.people import Account, Role
from domain.subscriptions import Subscription
from infra import accounts, subscriptions
from infra.db import Connection
from infra.ids import Sources
from infra.passwords import hash_password
from infra.rotation import Keys
from infra.settings import Settings
from infra.tokens import Tokens

HERE = Path(__file__).parent
PASSWORD = "seventeen-lights"  # noqa: S105 - printed for whoever tries the demo
SIGN_UP = {"email": "reader@example.org", "password": PASSWORD, "name": "A reader", "language": "en"}
PEOPLE = (
    ("reader@gazette.example", "Ilse Reader", Role.READER),
    ("trial@gazette.example", "Tove Trial", Role.READER),
    ("late@gazette.example", "Lorenz Late", Role.READER),
    ("subscriber@gazette.example", "Samir Subscriber", Role.SUBSCRIBER),
    ("patron@gazette.example", "Paula Patron", Role.SUBSCRIBER),
    ("partner@gazette.example", "Pieter Partner", Role.PARTNER),
    ("cashier@gazette.example", "Carla Cashier", Role.CASHIER),
    ("contributor@gazette.example", "Celia Contributor", Role.CONTRIBUTOR),
    ("editor@gazette.example", "Emile Editor", Role.EDITOR),
    ("admin@gazette.example", "Ada Admin", Role.ADMIN),
)
_NAMED = re.compile(r"\((media|article):([a-z0-9-]+)")


class DemoFailed(Exception):
    """The example newsroom could not be loaded."""


@dataclass(frozen=True, slots=True)
class Manuscript:
    """An article of the example newsroom, as its file has it."""

    front: Mapping[str, Any]
    body: str


def newsroom() -> dict[str, Any]:
    """Return `newsroom.toml`."""
    return tomllib.loads((HERE / "newsroom.toml").read_text())


def manuscripts() -> list[Manuscript]:
    """Return the example's articles."""
    return [_manuscript(path.read_text()) for path in sorted((HERE / "articles").glob("*.md"))]


def _manuscript(text: str) -> Manuscript:
    _, front, body = text.split("+++\n", 2)
    return Manuscript(tomllib.loads(front), body)


async def load(settings: Settings, console: Console) -> dict[str, str]:
    """Load the example into an empty database, and return an access token for each e-mail address."""
    async with AsyncExitStack() as stack:
        app = create_app(settings)
        await stack.enter_async_context(app.router.lifespan_context(app))
        sources = Sources()
        async with app.state.parts.database.write() as connection:
            await _check_ours(connection)
            people = [await _person(connection, sources, *one) for one in PEOPLE]
            await _subscribe(connection, people, sources)
        tokens = _tokens(settings, people, sources)
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url=settings.base_url,
                headers={"Authorization": f"Bearer {tokens['editor@gazette.example']}"},
            )
        )
        there = (await _sent(client, "GET", "/v1/editorial/articles?limit=100"))["items"]
        if not there:
            await _Loader(client, sources.now(), console).load(f"Bearer {tokens['admin@gazette.example']}")
        elif len(there) < len(manuscripts()):
            raise DemoFailed(f"An earlier start was cut off. Remove {settings.data_dir} and start again.")
    return tokens


async def _check_ours(connection: Connection) -> None:
    """Refuse a database that is somebody's: everybody in the example has a password that everybody knows."""
    ours = await accounts.find_to_sign_in(connection, PEOPLE[0][0])
    if ours is None and await accounts.count(connection):
        raise DemoFailed("The data folder is not the example's. Name another one with STANDFIRST_DATA_DIR.")


async def _person(connection: Connection, sources: Sources, email: str, name: str, role: Role) -> Account:
    """Return the account of somebody in the example, made if it is not there yet."""
    now = sources.now()
    found = await accounts.find_to_sign_in(connection, email)
    if found:
        return found[0]
    account = Account(sources.new_id(), email, name, frozenset({role}), frozenset())
    await accounts.add(connection, account, password_hash=hash_password(PASSWORD), now=now)
    return account


async def _subscribe(connection: Connection, people: Iterable[Account], sources: Sources) -> None:
    """Give everybody in the example their subscriptions, unless that was done at an earlier start."""
    now, ids = sources.now(), {person.email: person.id for person in people}
    if await subscriptions.page(connection, subscriptions.Listing(), now=now, limit=1):
        return
    for one in newsroom()["subscriptions"]:
        has = Subscription(
            sources.new_id(),
            ids[one["email"]],
            one["plan"],
            starts_at=now - timedelta(days=one.get("began", 0)),
            ends_at=_in_days(now, one.get("ends_in")),
            trial_until=_in_days(now, one.get("trial_in")),
            grace_until=_in_days(now, one.get("grace_in")),
            revoked_at=now if one.get("is_revoked") else None,
        )
        await subscriptions.add(connection, has)


def _in_days(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now + timedelta(days=days)


def _tokens(settings: Settings, people: Iterable[Account], sources: Sources) -> dict[str, str]:
    signer = Tokens(Keys(settings), issuer=settings.base_url, audience=settings.token_audience)
    seconds = settings.access_token_seconds
    return {
        person.email: signer.issue(
            person.id, person.roles, now=sources.now(), seconds=seconds, token_id=sources.new_id()
        )
        for person in people
    }


class _Loader:
    """Sends the example to the API, remembering the ids that its names got."""

    def __init__(self, client: httpx.AsyncClient, now: datetime, console: Console) -> None:
        self._client = client
        self._now = now
        self._console = console
        self._media: dict[str, str] = {}
        self._articles: dict[str, str] = {}

    async def load(self, of_admin: str) -> None:
        """Send everything, with a progress bar; plans as an administrator."""
        example, articles = newsroom(), manuscripts()
        for tag in example["tags"]:
            await _sent(self._client, "POST", "/v1/editorial/tags", json=tag)
        for plan in example["plans"]:
            headers = {"Authorization": of_admin}
            await _sent(self._client, "POST", "/v1/admin/plans", json=plan, headers=headers)
        for contributor in example["contributors"]:
            await _sent(self._client, "POST", "/v1/editorial/contributors", json=contributor)
        for medium in self._track(example["media"], "Pictures"):
            await self._upload(medium)
        for manuscript in articles:
            await self._announce(manuscript)
        for manuscript in self._track(articles, "Articles"):
            await self._write(manuscript)

    def _track(self, items: list[Any], what: str) -> Iterable[Any]:
        return track(items, what, console=self._console)

    async def _upload(self, medium: Mapping[str, str]) -> None:
        said = {name: medium[name] for name in ("alt", "caption", "credit", "licence") if name in medium}
        data = (HERE / "images" / medium["file"]).read_bytes()
        made = await _sent(
            self._client, "POST", "/v1/editorial/media", data=said, files={"file": (medium["file"], data)}
        )
        self._media[medium["name"]] = made["id"]

    async def _announce(self, manuscript: Manuscript) -> None:
        """Create the article with a title only, so that others can link to it."""
        front = manuscript.front
        bare = {name: front[name] for name in ("title", "slug", "language")}
        made = await _sent(self._client, "POST", "/v1/editorial/articles", json=bare)
        self._articles[front["slug"]] = made["id"]

    async def _write(self, manuscript: Manuscript) -> None:
        path = f"/v1/editorial/articles/{self._articles[manuscript.front['slug']]}"
        patch = {**self._fields(manuscript.front), "body_markdown": self._linked(manuscript.body)}
        await _sent(self._client, "PATCH", path, json=patch, headers={"If-Match": '"1"'})
        await _sent(self._client, "POST", f"{path}/actions/publish", headers={"If-Match": '"2"'})

    def _fields(self, front: Mapping[str, Any]) -> dict[str, Any]:
        fields = dict(front)
        if "lead_image" in fields:
            lead = dict(fields["lead_image"])
            fields["lead_image"] = {"media_id": self._media[lead.pop("media")], **lead}
        fields["related"] = [self._articles[slug] for slug in fields.get("related", ())]
        if "translation_of" in fields:
            fields["translation_of"] = self._articles[fields["translation_of"]]
        fields["access"] = self._access(fields.get("access", {"requires": "free"}))
        return fields

    def _access(self, access: Mapping[str, Any]) -> dict[str, Any]:
        gate = {name: access[name] for name in ("requires", "plans") if name in access}
        for name in ("from", "until"):
            if f"{name}_in_days" in access:
                moment = self._now + timedelta(days=access[f"{name}_in_days"])
                gate[name] = moment.astimezone(UTC).isoformat()
        return gate

    def _linked(self, body: str) -> str:
        """Return a body with ids for the names of pictures and articles."""
        ids = {"media": self._media, "article": self._articles}
        return _NAMED.sub(lambda named: f"({named[1]}:{ids[named[1]][named[2]]}", body)


async def _sent(client: httpx.AsyncClient, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401
    response = await client.request(method, path, **request)
    if response.is_error:
        raise DemoFailed(f"{method} {path} answered {response.status_code}: {response.text}")
    return response.json()


def introduce(settings: Settings, tokens: Mapping[str, str], console: Console) -> None:
    """Tell whoever started the demo what they can try."""
    about = newsroom()["publication"]
    console.print(f"\n[bold]{about['name']}[/] – {about['tagline']}\n")
    table = Table(
        "E-mail address", "Role", "Subscriptions", title=f"Everybody's password: {PASSWORD}", title_justify="left"
    )
    for email, _, role in PEOPLE:
        theirs = (one["plan"] for one in newsroom()["subscriptions"] if one["email"] == email)
        table.add_row(email, role, ", ".join(theirs))
    console.print(table)
    url = f"{settings.base_url}/v1/articles/the-grande-sourde"
    console.print("\nThe teaser that everybody gets, and the whole article that a subscriber gets:\n")
    sign_in = f"{settings.base_url}/v1/auth/token"
    lines = [
        f"curl {url}",
        f"TOKEN={tokens['subscriber@gazette.example']}",
        f'curl -H "Authorization: Bearer $TOKEN" {url}',
        f"curl -d grant_type=password -d username=editor@gazette.example -d password={PASSWORD} {sign_in}",
        f"curl '{settings.base_url}/v1/articles?tag=lights&language=en&limit=5'",
        f"curl -H 'Content-Type: application/json' -d '{json.dumps(SIGN_UP)}' {settings.base_url}/v1/accounts",
    ]
    for line in lines:
        console.print(line, style="green", highlight=False, soft_wrap=True)
    console.print(f"\nThe last one signs somebody up; the letter with the link comes into {settings.mail_dir}.")
    console.print("\nTokens of the others, good for a day:\n")
    for email, token in tokens.items():
        console.print(f"# {email}\n{token}", highlight=False, soft_wrap=True)
    console.print()

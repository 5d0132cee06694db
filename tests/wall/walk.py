"""Walks the contract: a real request for every operation and every documented parameter, as anybody."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI

from infra.ids import new_id
from tests.newsroom import PLAN, Json, lines, paragraph, png
from tests.wall.canaries import plain_bytes, told_by
from tests.wall.corpus import PASSWORD, Corpus

SAFE = ("get", "head", "options")
BESIDE = {"licence": {"role": "partner"}}  # what a parameter is only good with


@dataclass(frozen=True)
class Operation:
    """An operation of the contract."""

    method: str
    path: str
    said: Json = field(hash=False)

    @property
    def id(self) -> str:
        return str(self.said["operationId"])

    def parameters(self, place: str) -> list[Json]:
        return [one for one in self.said.get("parameters", ()) if one["in"] == place]


@dataclass(frozen=True)
class Asked:
    """A request to an operation, and whatever else httpx needs to send it."""

    operation: Operation
    path: str
    params: Mapping[str, str] = field(default_factory=dict, hash=False)
    more: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx.Headers
    raw: bytes
    body: bytes
    said: str


def operations(app: FastAPI) -> list[Operation]:
    return [
        Operation(method, path, said)
        for path, methods in app.openapi()["paths"].items()
        for method, said in methods.items()
    ]


class Values:
    """Real values of each parameter of the contract, and some that are not."""

    def __init__(self, corpus: Corpus) -> None:
        articles = corpus.articles.values()
        live = [one["publication"]["slug"] for one in articles if one["publication"]]
        slugs = [*dict.fromkeys([*live, *(one["slug"] for one in articles), *corpus.old_slugs, "nothing-here"])]
        ids = [*(one["id"] for one in articles), new_id()]
        media = [*(one["id"] for one in corpus.media.values()), new_id()]
        names = [*corpus.tags, *corpus.contributors, *corpus.plans, *corpus.old_names, "nothing-here"]
        accounts = [*(one.id for one in corpus.accounts.values()), new_id()]
        emails = [one.email for one in corpus.accounts.values() if one.email]
        self.paths: dict[str, list[str]] = {
            "slug_or_id": [*slugs, *ids],
            "article_id": ids,
            "media_id": media,
            "rendition": ["original", "small", "square", "wide", "nothing-here"],
            "slug": names,
            "account_id": accounts,
            "client_id": [*(one["id"] for one in corpus.clients), new_id()],
            "licence_id": [*(one["id"] for one in corpus.licences), new_id()],
            "secret_id": [*(one["id"] for client in corpus.clients for one in client["secrets"]), new_id()],
            "subscription_id": [*(one["id"] for one in corpus.subscriptions), new_id()],
            "number": ["1", "2", "9"],
            "page": ["2026-01-1", "2026-01-2", "2025-12-1"],
            "preview_id": [*(one["id"] for one in corpus.previews.values()), new_id()],
            "session_id": [new_id()],
            "gift_id": [new_id()],
            "token": [*(one["token"] for one in corpus.previews.values()), "made-up"],
        }
        self.queries: dict[str, list[str]] = {
            "language": ["en", "fr", "xx"],
            "tag": [*corpus.tags, *corpus.old_names, "open,shared", f"open,{corpus.tags[-1]}"],
            "contributor": [*corpus.contributors, *corpus.old_names],
            "section": [*corpus.tags[:2], "nothing-here"],
            "kind": ["news", "nothing-here"],
            "related_to": [*slugs[:6], *ids[:6]],
            "ids": [",".join(ids[:100]), ids[0]],
            "fields": ["id,title", "standfirst,lead_image,access"],
            "published_after": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
            "published_before": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
            "limit": ["3", "100"],
            "cursor": ["made-up", "A" * 64],
            "expires": ["0", "99999999999"],
            "signature": ["", "A" * 43],
            "plan": ["gold", "coast", "tin"],
            "client_id": [*(one["id"] for one in corpus.clients), new_id()],
            "article_id": [*ids[:3], new_id()],
            "taken_after": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
            "taken_before": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
            "unacknowledged": ["true", "false"],
            "at": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
            "meter_used": ["0", "3"],
            "licence": [new_id(), *(str(one["id"]) for one in corpus.licences)],
            "to": ["1", "2"],
            "gift": ["made-up", "A" * 43],
            "q": ["a", "qz", "gated*", "two more", *corpus.canaries.some_words()],
            "updated_after": ["2026-01-01T00:00:00Z"],
            "account_id": accounts[:3],
            "email": [*emails[:3], "nobody@nowhere.test"],
            "source": ["admin", "till"],
            "external_id": [*(str(one["external_id"]) for one in corpus.subscriptions), "nothing-here"],
            "issuer": ["https://login.test", "nothing-here"],
            "subject": ["account", "article", "somebody"],
            "subject_id": [*ids[:4], *media[:2], *accounts[:2]],
            "by": accounts,
            "action": ["create", "publish", "revoke", "nothing-here"],
            "at_after": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
            "at_before": ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
        }

    def of(self, parameter: Json) -> list[str]:
        known = self.paths if parameter["in"] == "path" else self.queries
        if parameter["name"] in known:
            return known[parameter["name"]]
        listed = _listed(parameter["schema"])
        assert listed, (
            f"the contract has a {parameter['in']} parameter '{parameter['name']}' that the canary walk cannot "
            "fill: give it real values in tests/wall/walk.py"
        )
        return listed


def _listed(schema: Json) -> list[str]:
    """Return the values of an enumeration or a boolean."""
    if schema.get("type") == "boolean":
        return ["true", "false"]
    values = [str(value) for value in schema.get("enum", ())]
    return values + [value for inner in schema.get("anyOf", ()) for value in _listed(inner)]


def resolved(app: FastAPI, schema: Any) -> Any:
    """Return a schema with every reference replaced by what it names."""
    if isinstance(schema, list):
        return [resolved(app, one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return resolved(app, app.openapi()["components"]["schemas"][name])
    return {key: resolved(app, value) for key, value in schema.items()}


def reads(app: FastAPI, corpus: Corpus, operation: Operation, *, thin: bool = True) -> Iterator[Asked]:
    """Every path by itself, and with the values of one parameter at a time; all parameters at once too.

    Thin, an operation with many paths gets one value with each path, in turns.
    """
    values = Values(corpus)
    named = {one["name"]: values.of(resolved(app, one)) for one in operation.parameters("query")}
    single = [{name: value, **BESIDE.get(name, {})} for name, some in named.items() for value in some]
    single += [{name: some[-1] for name, some in named.items()}] if len(named) > 1 else []
    for turn, path in enumerate(paths(app, values, operation)):
        yield Asked(operation, path)
        some = [single[turn % len(single)]] if thin and turn and single else single
        yield from (Asked(operation, path, query) for query in some)


def paths(app: FastAPI, values: Values, operation: Operation) -> Iterator[str]:
    """Every value of the first path parameter, and of the others with each of its values in turns."""
    parameters = operation.parameters("path")
    names = [one["name"] for one in parameters]
    first, *others = [values.of(resolved(app, one)) for one in parameters] or [[""]]
    chosen = [*product(first, *(some[:1] for some in others)), *product(first[:1], *others)]
    for one in dict.fromkeys(chosen):
        yield operation.path.format(**dict(zip(names, one, strict=False)))


async def send(corpus: Corpus, person: str, asked: Asked, **more: Any) -> Answer:
    """Send a request as somebody, and return the answer with its body as it was sent."""
    headers = {**corpus.headers[person], **asked.more.get("headers", {}), **more.pop("headers", {})}
    request = {**asked.more, **more, "headers": {"Accept-Encoding": "identity", **headers}}
    method = request.pop("method", asked.operation.method).upper()
    async with corpus.client.stream(method, asked.path, params=asked.params or None, **request) as response:
        raw = b"".join([chunk async for chunk in response.aiter_raw()])
    return Answer(response.status_code, response.headers, raw, plain_bytes(response, raw), told_by(response, raw))


async def following(
    corpus: Corpus, person: str, asked: Asked, answer: Answer
) -> AsyncIterator[tuple[Asked, Answer]]:
    """Follow the link to the next page, to the end."""
    while link := answer.headers.get("link"):
        parts = urlsplit(link.partition(">")[0].removeprefix("<"))
        asked = Asked(asked.operation, f"{parts.path}?{parts.query}")
        answer = await send(corpus, person, asked)
        yield asked, answer


def write_bodies(corpus: Corpus) -> dict[str, dict[str, Any]]:
    """A real body for each operation that writes. The words in them are no canaries."""
    draft = {"title": "A try", "language": "en", "body": [paragraph("A short text that is a try.")]}
    basket = {"username": corpus.accounts["reader"].email} if corpus.accounts else {}
    return {
        "get_token": {"data": {"grant_type": "password", **basket, "password": PASSWORD}},
        "revoke_token": {"data": {"token": "nobody-has-this"}},
        "sign_up": {"json": {"email": "try@example.org", "password": PASSWORD, "name": "A try"}},
        "confirm_email": {"json": {"token": "nobody-has-this"}},
        "reset_password": {"json": {"email": "try@example.org"}},
        "edit_me": {"json": {"name": "A try"}},
        "delete_me": {},
        "create_article": {"json": draft},
        "edit_article": {"json": {"title": "Another try"}},
        "delete_article": {},
        "write_articles": lines({"op": "create", "article": draft}),
        "act_on_article": {"json": {"note": "A note.", "public_note": "A reason."}},
        "restore_revision": {},
        "create_preview": {"json": {"role": "reader"}},
        "revoke_preview": {},
        "end_session": {},
        "give_article": {},
        "revoke_gift": {},
        "end_sessions": {},
        "upload_media": {"data": {"alt": "A try"}, "files": {"file": ("try.png", png())}},
        "edit_medium": {"json": {"alt": "Another try", "focal_point": {"x": 0, "y": 1}}},
        "delete_medium": {},
        "create_tag": {"json": {"name": "A try"}},
        "edit_tag": {"json": {"name": "Another try"}},
        "delete_tag": {},
        "merge_tag": {"json": {"into": "open"}},
        "create_contributor": {"json": {"name": "A try"}},
        "edit_contributor": {"json": {"name": "Another try"}},
        "delete_contributor": {},
        "merge_contributor": {"json": {"into": "known"}},
        "create_plan": {"json": {"slug": "a-try", **PLAN}},
        "edit_plan": {"json": {"position": 3}},
        "delete_plan": {},
        "create_subscription": {"json": {"account_id": new_id(), "plan": "coast"}},
        "edit_subscription": {"json": {"trial_until": None}},
        "revoke_subscription": {},
        "delete_subscription": {},
        "create_client": {"json": {"name": "A try"}},
        "edit_client": {"json": {"name": "Another try"}},
        "delete_client": {},
        "create_client_secret": {},
        "delete_client_secret": {},
        "create_licence": {"json": {"client_id": new_id(), "articles": "everything"}},
        "edit_licence": {"json": {"quota": 7}},
        "delete_licence": {},
        "acknowledge_removals": {"json": {"ids": [new_id()]}},
        "create_account": {"json": {"email": "a@try.test", "name": "A try", "roles": ["reader"]}},
        "edit_account": {"json": {"name": "Another try"}},
        "delete_account": {},
    }


def writes(app: FastAPI, corpus: Corpus, operation: Operation) -> Iterator[Asked]:
    """A writing operation on everything that there is, each with the version that is right for it."""
    bodies, values = write_bodies(corpus), Values(corpus)
    assert operation.id in bodies, (
        f"the contract has an operation '{operation.id}' that the canary walk has no real request for: "
        "give it a body in tests/wall/walk.py"
    )
    versions = {
        one["id"]: one["version"]
        for one in (
            *corpus.articles.values(),
            *corpus.media.values(),
            *corpus.subscriptions,
            *corpus.clients,
            *corpus.licences,
        )
    }
    assert {one["name"].lower() for one in operation.parameters("header")} <= {"if-match", "idempotency-key"}
    for path in paths(app, values, operation):
        version = next((version for id_, version in versions.items() if id_ in path), 1)
        body = bodies[operation.id]
        headers = {**body.get("headers", {}), "If-Match": f'"{version}"'}
        yield Asked(operation, path, {}, {**body, "headers": headers})

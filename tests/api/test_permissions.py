"""Who may do what: every operation of the newsroom and of one's own account, for every kind of caller."""

import re
from collections.abc import AsyncIterator, Callable
from functools import cache
from itertools import count
from typing import Any, NamedTuple

import pytest
from httpx import AsyncClient, Response

from api.app import application
from infra.settings import Settings
from tests.everything import everything
from tests.newsroom import (
    NOBODY,
    PLAN,
    Json,
    Newsroom,
    Office,
    People,
    another_png,
    lines,
    paragraph,
    somewhere,
)

OUTSIDERS = ("reader", "subscriber", "cashier", "partner")
GUARDED = ("/v1/editorial", "/v1/me", "/v1/admin", "/v1/sync/", "/v1/articles/{slug_or_id}/gifts")


class Row(NamedTuple):
    """What an operation needs, and what each kind of caller gets; without a token it is always a 401."""

    permission: str
    outsiders: int  # readers and subscribers; and partners and cashiers, unless something else is said of them
    owner: int  # the contributor whose draft it is
    contributor: int  # another one
    editors: int  # and admins, where nothing else is said of them
    admins: int = 0
    partner: int | None = None
    cashier: int | None = None


EXPECTED = {
    "read_me": Row("account", 200, 200, 200, 200),
    "list_sessions": Row("account.use", 200, 200, 200, 200),
    "end_session": Row("account.use", 404, 404, 404, 404),  # somebody else's
    "end_sessions": Row("account.use", 204, 204, 204, 204),
    "export_me": Row("account.use", 200, 200, 200, 200),
    "edit_me": Row("account.own", 200, 200, 200, 200, partner=403),
    "delete_me": Row("account.own", 204, 204, 204, 204, partner=403),
    "list_gifts": Row("account.use", 200, 200, 200, 200),
    "revoke_gift": Row("account.use", 404, 404, 404, 404),  # somebody else's
    "give_article": Row("gifts", 409, 409, 409, 409, partner=403),  # of what is gated see `test_gifts.py`
    "create_article": Row("articles.own", 403, 201, 201, 201),
    "list_drafts": Row("articles.own", 403, 200, 200, 200),
    "read_draft": Row("articles.own", 403, 200, 404, 200),
    "edit_article": Row("articles.own", 403, 200, 404, 200),
    "write_articles": Row("articles.own", 403, 200, 200, 200),
    "delete_article": Row("articles.own", 403, 204, 404, 204),
    "act_on_article": Row("articles.own", 403, 200, 404, 200),
    "list_revisions": Row("articles.own", 403, 200, 404, 200),
    "read_revision": Row("articles.own", 403, 200, 404, 200),
    "compare_revisions": Row("articles.own", 403, 200, 404, 200),
    "restore_revision": Row("articles.own", 403, 200, 404, 200),
    "create_preview": Row("articles.own", 403, 201, 404, 201),
    "list_previews": Row("articles.own", 403, 200, 404, 200),
    "revoke_preview": Row("articles.own", 403, 204, 404, 204),
    "readable_as": Row("articles.own", 403, 200, 404, 200),
    "list_events": Row("articles.own", 403, 200, 404, 200),
    "list_linking": Row("articles.own", 403, 200, 404, 200),
    "upload_media": Row("media", 403, 403, 403, 201),
    "list_media": Row("media", 403, 403, 403, 200),
    "read_medium": Row("media", 403, 403, 403, 200),
    "edit_medium": Row("media", 403, 403, 403, 200),
    "delete_medium": Row("media", 403, 403, 403, 204),
    "list_newsroom_tags": Row("newsroom", 403, 200, 200, 200),
    "create_tag": Row("tags", 403, 403, 403, 201),
    "read_newsroom_tag": Row("newsroom", 403, 200, 200, 200),
    "edit_tag": Row("tags", 403, 403, 403, 200),
    "delete_tag": Row("tags", 403, 403, 403, 204),
    "merge_tag": Row("tags", 403, 403, 403, 200),
    "list_newsroom_contributors": Row("newsroom", 403, 200, 200, 200),
    "create_contributor": Row("contributors", 403, 403, 403, 201),
    "read_newsroom_contributor": Row("newsroom", 403, 200, 200, 200),
    "edit_contributor": Row("contributors", 403, 403, 403, 200),
    "delete_contributor": Row("contributors", 403, 403, 403, 204),
    "merge_contributor": Row("contributors", 403, 403, 403, 200),
    "list_accounts": Row("accounts", 403, 403, 403, 403, 200),
    "create_account": Row("accounts", 403, 403, 403, 403, 201),
    "read_account": Row("accounts", 403, 403, 403, 403, 200),
    "edit_account": Row("accounts", 403, 403, 403, 403, 200),
    "delete_account": Row("accounts", 403, 403, 403, 403, 204),
    "list_plans": Row("plans", 403, 403, 403, 403, 200),
    "create_plan": Row("plans", 403, 403, 403, 403, 201),
    "read_plan": Row("plans", 403, 403, 403, 403, 200),
    "edit_plan": Row("plans", 403, 403, 403, 403, 200),
    "delete_plan": Row("plans", 403, 403, 403, 403, 204),
    "list_subscriptions": Row("subscriptions", 403, 403, 403, 403, 200, cashier=200),
    "create_subscription": Row("subscriptions", 403, 403, 403, 403, 201, cashier=201),
    "read_subscription": Row("subscriptions", 403, 403, 403, 403, 200, cashier=200),
    "edit_subscription": Row("subscriptions", 403, 403, 403, 403, 200, cashier=200),
    "revoke_subscription": Row("subscriptions", 403, 403, 403, 403, 200, cashier=200),
    "delete_subscription": Row("subscriptions", 403, 403, 403, 403, 204, cashier=204),
    "list_clients": Row("clients", 403, 403, 403, 403, 200),
    "create_client": Row("clients", 403, 403, 403, 403, 201),
    "read_client": Row("clients", 403, 403, 403, 403, 200),
    "edit_client": Row("clients", 403, 403, 403, 403, 200),
    "delete_client": Row("clients", 403, 403, 403, 403, 204),
    "create_client_secret": Row("clients", 403, 403, 403, 403, 201),
    "delete_client_secret": Row("clients", 403, 403, 403, 403, 204),
    "list_licences": Row("licences", 403, 403, 403, 403, 200),
    "create_licence": Row("licences", 403, 403, 403, 403, 201),
    "read_licence": Row("licences", 403, 403, 403, 403, 200),
    "edit_licence": Row("licences", 403, 403, 403, 403, 200),
    "delete_licence": Row("licences", 403, 403, 403, 403, 204),
    "list_ledger": Row("licences", 403, 403, 403, 403, 200),
    "export_ledger": Row("licences", 403, 403, 403, 403, 200),
    "acknowledge_removals": Row("acknowledgements", 403, 403, 403, 403, partner=200),
    "list_audit": Row("events", 403, 403, 403, 403, 200),
}
NOTHING_TO_DO = {"end_sessions", "acknowledge_removals"}  # nobody here has signed in, or has taken anything
_numbers = count()


@cache
def _operations() -> dict[str, tuple[str, str, Json]]:
    contract = application(Settings(_env_file=None)).openapi()
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
    }


def test_every_guarded_operation_has_its_row_here() -> None:
    needed = {
        name: operation.get("x-permission")
        for name, (_, path, operation) in _operations().items()
        if path.startswith(GUARDED)
    }
    assert needed == {name: row.permission for name, row in EXPECTED.items()}


def test_the_contract_says_where_a_token_is_needed() -> None:
    for name, (_, path, operation) in _operations().items():
        assert (operation.get("security") == [{"bearer": []}]) is path.startswith(GUARDED), name
        assert ("x-permission" in operation) is path.startswith(GUARDED), name


class Subjects:
    """Makes what an operation is tried on, new each time."""

    def __init__(self, newsroom: Newsroom, owner: Newsroom, office: Office, people: People) -> None:
        self.newsroom = newsroom
        self.office = office
        self.people = people
        self.owner = owner
        self.makers: dict[str, Callable[[], Any]] = {
            "article_id": self.owner.draft,
            "media_id": self.newsroom.medium,
            "slug_or_id": lambda: self.newsroom.published(slug=f"given-{next(_numbers)}"),
            "tag": lambda: self.newsroom.tag(f"tag-{next(_numbers)}"),
            "contributor": lambda: self.newsroom.contributor(f"contributor-{next(_numbers)}"),
        }

    async def path(self, template: str) -> str:
        made: dict[str, str] = {"action": "submit", "number": "1", "session_id": NOBODY, "gift_id": NOBODY}
        for name in ("article_id", "media_id", "slug_or_id"):
            if f"{{{name}}}" in template:
                made[name] = (await self.makers[name]())["id"]
        if "{account_id}" in template:
            made["account_id"] = (await self.people.add("reader")).id
        if "{subscription_id}" in template:
            account = await self.people.add("reader")
            made["subscription_id"] = (await self.office.subscribe(account.id, "the-other"))["id"]
        if "{client_id}" in template:
            partner = (await self.office.send("POST", "/clients", json={"name": "Wire"})).json()
            made["client_id"], made["secret_id"] = partner["id"], partner["secrets"][0]["id"]
        if "{licence_id}" in template:
            partner = (await self.office.send("POST", "/clients", json={"name": "Wire"})).json()
            made["licence_id"] = (await self.office.licence(partner["id"]))["id"]
        if "/plans/" in template:
            made["slug"] = (await self.office.plan(f"plan-{next(_numbers)}"))["slug"]
        elif "{slug}" in template:
            made["slug"] = (await self.makers["tag" if "/tags/" in template else "contributor"]())["slug"]
        if "{preview_id}" in template:
            answer = await self.owner.send("POST", f"/articles/{made['article_id']}/previews")
            made["preview_id"] = answer.json()["id"]
        return template.format(**made)


def _body(name: str) -> Json:
    if name == "upload_media":
        return {"files": {"file": ("a.png", another_png())}, "data": {"alt": "A square"}}
    if name == "write_articles":
        return lines({"op": "create", "article": {"title": "A title", "language": "en"}})
    forms: dict[str, Json] = {
        "create_article": {"title": "A title", "language": "en", "body": [paragraph("A few words.")]},
        "edit_article": {"title": "Another title"},
        "act_on_article": {"note": "Ready"},
        "create_tag": {"name": f"Tag {next(_numbers)}"},
        "create_contributor": {"name": f"Contributor {next(_numbers)}"},
        "edit_tag": {"name": "Another name"},
        "edit_contributor": {"bio": "A few words"},
        "merge_tag": {"into": "the-other"},
        "merge_contributor": {"into": "the-other"},
        "edit_medium": {"alt": "Another text"},
        "edit_me": {"name": f"Somebody {next(_numbers)}"},
        "create_account": {"email": f"a{next(_numbers)}@new.test", "name": "A", "roles": ["reader"]},
        "edit_account": {"name": "Another name"},
        "create_plan": {"slug": f"plan-{next(_numbers)}", **PLAN},
        "edit_plan": {"position": 7},
        "create_client": {"name": "Wire"},
        "edit_client": {"networks": ["192.0.2.0/24"]},
        "create_licence": {"articles": "everything"},
        "edit_licence": {"quota": 7},
        "acknowledge_removals": {"ids": [NOBODY]},
        "create_subscription": {"plan": "the-other"},
        "edit_subscription": {"ends_at": "2030-01-01T00:00:00Z"},
    }
    return {"json": forms[name]} if name in forms else {}


@pytest.fixture
async def owner(client: AsyncClient, people: People) -> Newsroom:
    return Newsroom(client, await people.headers("contributor"))


@pytest.fixture
async def subjects(newsroom: Newsroom, owner: Newsroom, office: Office, people: People) -> Subjects:
    await newsroom.tag("the-other")
    await newsroom.contributor("the-other")
    await office.plan("the-other")
    return Subjects(newsroom, owner, office, people)


@pytest.mark.parametrize("name", EXPECTED)
async def test_each_caller_gets_what_the_table_says(
    client: AsyncClient, people: People, subjects: Subjects, name: str
) -> None:
    row = EXPECTED[name]
    await people.add("admin")  # who stays, so that the other one may leave
    method, template, _ = _operations()[name]
    callers: list[tuple[str, dict[str, str], int]] = [("anonymous", {}, 401)]
    told = {"partner": row.partner, "cashier": row.cashier}
    for role in OUTSIDERS:
        said = told.get(role)
        callers.append((role, await people.headers(role), row.outsiders if said is None else said))
    callers += [
        ("owner", subjects.owner.headers, row.owner),
        ("another contributor", await people.headers("contributor"), row.contributor),
        ("editor", await people.headers("editor"), row.editors),
        ("admin", await people.headers("admin"), row.admins or row.editors),
    ]
    somebody = (await people.add("reader")).id
    for caller, headers, expected in callers:
        path = await subjects.path(template)
        body = _body(name)
        if name == "create_subscription":
            body["json"] = {**body["json"], "account_id": somebody}
        if name == "create_licence":
            partner = (await subjects.office.send("POST", "/clients", json={"name": "Wire"})).json()
            body["json"] = {**body["json"], "client_id": partner["id"]}
        before = await everything(people.parts)
        sent = {**headers, "If-Match": '"1"', **body.pop("headers", {})}
        response = await client.request(method, path, headers=sent, **body)
        assert response.status_code == expected, f"{caller}: {response.text}"
        assert response.headers["cache-control"] == "no-store"
        after = await everything(people.parts)
        has_changed = expected < 300 and method != "GET" and name not in NOTHING_TO_DO
        assert (before != after) is has_changed, caller
        if expected >= 400:
            _check_refusal(response, expected)


def _check_refusal(response: Response, status: int) -> None:
    kinds = {401: "unauthorized", 403: "forbidden", 404: "not-found", 409: "wrong-state"}
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"/problems/{kinds[status]}"
    challenge = 'Bearer realm="standfirst"' if status == 401 else None
    assert response.headers.get("www-authenticate") == challenge


class Body:
    """A body that tells whether anybody read it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.was_read = True
        yield self.content


BROKEN = {
    "broken": (b'{"title": ', "application/json"),
    "another type": (b"title=a", "text/plain"),
    "no type": (b"\xff\xfe", None),
    "deep": (b"[" * 100_000, "application/json"),
    "huge": (b" " * 5_000_000, "application/json"),
    "half an upload": (
        b'--x\r\nContent-Disposition: form-data; name="file"; fil',
        "multipart/form-data; boundary=x",
    ),
}


async def test_whoever_may_not_is_told_before_a_byte_is_read(client: AsyncClient, people: People) -> None:
    strangers = {401: {}, 403: await people.headers("reader")}
    own = {401: {}, 403: await people.headers("partner")}
    before = await everything(people.parts)
    for name, (method, template, _) in _operations().items():
        if name not in EXPECTED or method == "GET" or 403 not in EXPECTED[name]:
            continue
        for status, headers in (own if EXPECTED[name].outsiders != 403 else strangers).items():
            for kind, (content, content_type) in BROKEN.items():
                body = Body(content)
                path = somewhere(template)
                typed = {"Content-Type": content_type} if content_type else {}
                response = await client.request(method, path, headers={**headers, **typed}, content=body)
                assert (response.status_code, body.was_read) == (status, False), (name, kind)
    assert await everything(people.parts) == before


async def test_whoever_may_has_their_body_read(client: AsyncClient, newsroom: Newsroom) -> None:
    body = Body(b'{"name": ')
    response = await newsroom.send("POST", "/tags", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, body.was_read) == (400, True)


async def test_whoever_may_not_learns_nothing_of_paths_and_versions(client: AsyncClient, people: People) -> None:
    reader = await people.headers("reader")
    for name, (method, template, _) in _operations().items():
        if name not in EXPECTED or EXPECTED[name].outsiders != 403:
            continue
        for value in ("not-an-id", "%00", "UPPER", "a" * 300):
            path = re.sub(r"{\w+}", value, template)
            for status, headers in ((401, {}), (403, reader)):
                for tag in ({}, {"If-Match": "nonsense"}):
                    response = await client.request(method, path, headers={**headers, **tag})
                    assert response.status_code == status, (name, value)

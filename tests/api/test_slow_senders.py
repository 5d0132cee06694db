"""Whoever sends slowly may what they may when they have sent: a right that ends meanwhile is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from domain.people import Account
from infra.tables import articles
from tests.accounts import ACCOUNTS, ANOTHER, bearer, sign_up
from tests.everything import everything
from tests.letters import letters_to, token_in
from tests.newsroom import Clock, Json, Newsroom, Office, People, lines, paragraph, png, words
from tests.partners import headers_of, program
from tests.signing_in import REVOKE, TOKEN, account_of, sign_in

HIDDEN = "qzbehindthewall"
Ending = Callable[[], Awaitable[object]]


async def slowly(content: bytes, ending: Ending) -> AsyncIterator[bytes]:
    """A body, in the middle of which something happens."""
    yield content[:1]
    await ending()
    yield content[1:]


async def send_slowly(
    client: AsyncClient, ending: Ending, method: str, path: str, body: Json, headers: dict[str, str]
) -> Response:
    content = slowly(json.dumps(body).encode(), ending)
    return await client.request(
        method, path, content=content, headers={"Content-Type": "application/json", **headers}
    )


class Ends:
    """The ways in which a right ends, and what the next request is answered."""

    def __init__(self, client: AsyncClient, office: Office, clock: Clock, account: Account, tokens: Json) -> None:
        self.client, self.office, self.clock = client, office, clock
        self.account, self.tokens = account, tokens

    async def signed_out(self) -> None:
        assert (await self.client.post(REVOKE, data={"token": self.tokens["refresh_token"]})).is_success

    async def blocked(self) -> None:
        await self._edit(is_blocked=True)

    async def demoted(self) -> None:
        await self._edit(roles=["contributor"])  # who may write, too, but nobody else's

    async def deleted(self) -> None:
        path = f"/accounts/{self.account.id}"
        assert (await self.office.send("DELETE", path, version=1)).is_success

    async def expired(self) -> None:
        self.clock.move(minutes=10)

    async def _edit(self, **changes: Any) -> None:
        path = f"/accounts/{self.account.id}"
        assert (await self.office.send("PATCH", path, version=1, json=changes)).is_success


WAYS = {"signed_out": 401, "blocked": 401, "demoted": 403, "deleted": 401, "expired": 401}


@pytest.fixture
async def draft(newsroom: Newsroom) -> Json:
    body = [paragraph(words(60)), paragraph(f"{words(60, stem='x')} {HIDDEN}")]
    return await newsroom.published(title="Harbour", slug="harbour", body=body, access={"requires": "subscriber"})


@pytest.mark.parametrize(("how", "status"), WAYS.items())
async def test_a_right_that_ends_while_a_body_comes_writes_nothing_and_tells_nothing(
    client: AsyncClient,
    people: People,
    office: Office,
    clock: Clock,
    draft: Json,
    how: str,
    status: int,
) -> None:
    path = f"/v1/editorial/articles/{draft['id']}"
    tag, stale = {"If-Match": f'"{draft["version"]}"'}, {"If-Match": '"77"'}
    mate = {"email": "mate@example.org", "name": "Mate", "roles": ["admin"]}
    seo: Json = {"seo": {"title": "Another"}}
    for method, address, body, more in (
        ("POST", "/v1/admin/accounts", mate, {}),
        ("PATCH", path, seo, tag),
        ("PATCH", path, seo, stale),
        ("PATCH", f"{path}?dry_run=true", seo, tag),
        ("PATCH", f"/v1/editorial/media/{draft['id']}", {"alt": "Another"}, tag),
        ("POST", f"{path}/actions/submit", {"note": "Ready"}, tag),
    ):
        account = await account_of(people, "editor", "admin", "contributor")
        tokens = await sign_in(client, account)
        ends = Ends(client, office, clock, account, tokens)
        written: dict[str, Any] = {}

        async def ending(ends: Ends = ends, written: dict[str, Any] = written) -> None:
            await getattr(ends, how)()
            written.update(await everything(people.parts))

        answer = await send_slowly(client, ending, method, address, body, {**bearer(tokens), **more})
        assert (answer.status_code, HIDDEN in answer.text) == (status, False), (method, address, answer.text)
        assert await everything(people.parts) == written


async def test_whoever_keeps_their_right_is_not_kept_from_sending_slowly(
    client: AsyncClient, people: People, office: Office, clock: Clock, draft: Json
) -> None:
    account = await account_of(people, "editor", "admin")
    tokens = await sign_in(client, account)
    path, headers = f"/v1/editorial/articles/{draft['id']}", {**bearer(tokens), "If-Match": '"2"'}

    async def ending() -> None:
        clock.move(minutes=9)
        changes = {"name": "Somebody", "roles": ["editor", "admin", "reader"]}
        assert (await office.send("PATCH", f"/accounts/{account.id}", version=1, json=changes)).is_success

    answer = await send_slowly(client, ending, "PATCH", path, {"seo": {"title": "Another"}}, headers)
    assert (answer.status_code, draft["version"]) == (200, 2)


async def test_an_upload_whose_sender_is_blocked_meanwhile_adds_no_picture(
    client: AsyncClient, people: People, office: Office, clock: Clock
) -> None:
    account = await account_of(people, "editor")
    tokens = await sign_in(client, account)
    ends = Ends(client, office, clock, account, tokens)
    form = client.build_request("POST", "/", files={"file": ("a.png", png())}, data={"alt": "A square"})
    await form.aread()
    headers = {**bearer(tokens), "Content-Type": form.headers["content-type"]}
    answer = await client.post("/v1/editorial/media", content=slowly(form.content, ends.blocked), headers=headers)
    assert answer.status_code == 401
    everybody = Newsroom(client, await people.headers("editor"))
    assert (await everybody.send("GET", "/media")).json()["items"] == []


async def test_rows_that_come_after_a_block_are_not_written(
    client: AsyncClient, people: People, office: Office, clock: Clock
) -> None:
    account = await account_of(people, "editor")
    tokens = await sign_in(client, account)
    ends = Ends(client, office, clock, account, tokens)
    rows = [{"op": "create", "article": {"title": f"A {at}", "language": "en"}} for at in range(400)]

    async def number() -> int:
        async with people.parts.database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(articles)) or 0)

    async def block() -> int:
        while not await number():  # noqa: ASYNC110 - what is waited for is what is tested
            await asyncio.sleep(0.01)
        await ends.blocked()
        return await number()

    sent = lines(*rows)
    headers = {**bearer(tokens), **sent.pop("headers", {})}
    sending = client.post("/v1/editorial/articles/bulk", headers=headers, **sent)
    answer, written = await asyncio.gather(sending, block())
    told = [json.loads(line)["status"] for line in answer.text.splitlines()]
    assert (len(told), set(told)) == (400, {201, 401})
    assert await number() == told.count(201)
    assert told.count(201) <= written + 50, "those that were under way"


async def test_a_till_that_is_blocked_meanwhile_sells_nothing(
    client: AsyncClient, people: People, office: Office
) -> None:
    await office.plan("coast", opens="everything")
    reader = await people.add("reader")
    for ending in ("block", "network", "secret"):
        till = await program(office, role="cashier")
        headers = await headers_of(client, till)

        async def end(ending: str = ending, till: Any = till) -> None:
            changes: Json = {"block": {"is_blocked": True}, "network": {"networks": ["198.51.100.0/24"]}}
            if ending == "secret":
                path = f"/clients/{till.id}/secrets/{till.made['secrets'][0]['id']}"
                assert (await office.send("DELETE", path, version=1)).is_success
            else:
                assert (
                    await office.send("PATCH", f"/clients/{till.id}", version=1, json=changes[ending])
                ).is_success

        form = {"account_id": reader.id, "plan": "coast"}
        answer = await send_slowly(client, end, "POST", "/v1/admin/subscriptions", form, headers)
        assert answer.status_code == 401, ending
    assert (await office.send("GET", "/subscriptions")).json()["items"] == []


@pytest.mark.parametrize("link", ["reset", "confirm"])
async def test_a_link_is_as_old_as_it_is_when_it_has_been_sent(
    client: AsyncClient, people: People, clock: Clock, link: str
) -> None:
    email = "ada@example.org"
    if link == "reset":
        await sign_up(client, people, email)
        await client.post(f"{ACCOUNTS}/reset", json={"email": email})
    else:
        form = {"email": email, "password": ANOTHER, "name": "Ada Moor", "language": "fr"}
        await client.post(ACCOUNTS, json=form)
    letter = (await letters_to(people.parts, email, count=2 if link == "reset" else 1))[-1]

    async def end() -> None:
        clock.move(days=2)

    body = {"token": token_in(letter), "password": ANOTHER}
    answer = await send_slowly(client, end, "POST", f"{ACCOUNTS}/{link}", body, {})
    assert answer.status_code in {400, 409, 410, 422}, answer.text
    asked = {"grant_type": "password", "username": email, "password": ANOTHER}
    assert (await client.post(TOKEN, data=asked)).status_code == 400

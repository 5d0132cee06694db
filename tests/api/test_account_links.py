"""The links of letters: each does what it is for, once, while the account stands as it did, and nothing else."""

import asyncio
from datetime import timedelta

import pytest
from httpx import AsyncClient, Response

from infra.account_links import NewAccount, NewEmail, NewPassword, sealed
from infra.ids import new_id
from tests.accounts import ACCOUNTS, ADA, ANOTHER, PASSWORD, bearer, form, sign_in, sign_up
from tests.everything import everything
from tests.letters import letters_to, token_in
from tests.newsroom import Clock, Newsroom, People
from tests.signing_in import without_id

CONFIRM, RESET = f"{ACCOUNTS}/confirm", f"{ACCOUNTS}/reset"
REFUSED = {
    "type": "/problems/link-refused",
    "title": "The link is not good (any more)",
    "status": 422,
    "detail": "This link is not good (any more). Ask for a new letter.",
    "errors": [{"pointer": "/token", "detail": "This link is not good (any more). Ask for a new letter."}],
}


async def confirm(client: AsyncClient, token: str, password: str = PASSWORD) -> Response:
    return await client.post(CONFIRM, json={"token": token, "password": password})


async def reset(client: AsyncClient, token: str, password: str = ANOTHER) -> Response:
    return await client.post(RESET, json={"token": token, "password": password})


async def last_token(people: People, email: str = ADA, *, count: int = 1) -> str:
    return token_in((await letters_to(people.parts, email, count=count))[-1])


async def ask_to_sign_up(client: AsyncClient, people: People) -> str:
    await client.post(ACCOUNTS, json=form())
    return await last_token(people)


async def ask_to_reset(client: AsyncClient, people: People, *, count: int = 2) -> str:
    await client.post(RESET, json={"email": ADA})
    return await last_token(people, count=count)


async def ask_to_move(client: AsyncClient, people: People, headers: dict[str, str], email: str) -> str:
    wish = {"email": email, "current_password": PASSWORD}
    assert (await client.patch("/v1/me", json=wish, headers=headers)).status_code == 200
    return await last_token(people, email)


def expect_refusal(*answers: Response) -> None:
    for answer in answers:
        assert without_id(answer) == REFUSED
        assert answer.headers["cache-control"] == "no-store"


async def test_no_made_up_token_is_good_for_anything(
    client: AsyncClient, people: People, newsroom: Newsroom, clock: Clock
) -> None:
    signing_up = await ask_to_sign_up(client, people)
    draft = await newsroom.draft()
    preview = (await newsroom.send("POST", f"/articles/{draft['id']}/previews")).json()["token"]
    await newsroom.tag("one"), await newsroom.tag("two")
    cursor = (await newsroom.send("GET", "/tags?limit=1")).json()["next_cursor"]
    tokens = await sign_in(client, (await people.add("reader")).email)
    assert tokens == {"refused": "invalid_grant"}
    middle = len(signing_up) // 2
    other = "A" if signing_up[middle] != "A" else "B"
    made_up = [
        *("x", "A" * 64, "A" * 4000, "не наш", "\t", "..", "null", "=" * 8, f"{signing_up}=", f" {signing_up}"),
        *(
            signing_up[:-1],
            signing_up[1:],
            signing_up + "A",
            signing_up[:middle] + other + signing_up[middle + 1 :],
        ),
        *(signing_up.swapcase(), preview, cursor, newsroom.headers["Authorization"].removeprefix("Bearer ")),
    ]
    before = await everything(people.parts)
    for token in made_up:
        expect_refusal(await confirm(client, token), await reset(client, token))
    assert await everything(people.parts) == before
    assert (await client.get(f"/v1/previews/{signing_up}")).status_code == 404
    assert (await newsroom.send("GET", f"/tags?cursor={signing_up[:400]}")).status_code == 400
    assert (await confirm(client, signing_up)).status_code == 200


async def test_a_link_is_good_for_its_own_purpose_only(client: AsyncClient, people: People) -> None:
    signing_up = await ask_to_sign_up(client, people)
    expect_refusal(await reset(client, signing_up))
    await confirm(client, signing_up)
    headers = bearer(await sign_in(client))
    resetting = await ask_to_reset(client, people)
    moving = await ask_to_move(client, people, headers, "new@example.org")
    expect_refusal(await confirm(client, resetting), await reset(client, moving))
    assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {resetting}"})).status_code == 401


@pytest.mark.parametrize("kind", ["sign-up", "reset", "move"])
async def test_a_link_is_good_for_its_time(client: AsyncClient, people: People, clock: Clock, kind: str) -> None:
    seconds = 3600 if kind == "reset" else 86_400
    for late in (False, True):
        email = f"{kind}-{late}@example.org".lower()
        if kind == "sign-up":
            await client.post(ACCOUNTS, json=form(email=email))
            token = await last_token(people, email)
        else:
            headers = bearer(await sign_up(client, people, email))
            token = (
                await ask_to_move(client, people, headers, f"new-{email}")
                if kind == "move"
                else await _resetting(client, people, email)
            )
        clock.move(seconds=seconds if late else seconds - 2)
        answer = await (reset if kind == "reset" else confirm)(client, token)
        assert answer.status_code == (422 if late else 204 if kind == "reset" else 200)
        if late:
            expect_refusal(answer)


async def _resetting(client: AsyncClient, people: People, email: str) -> str:
    await client.post(RESET, json={"email": email})
    return await last_token(people, email, count=2)


async def test_a_link_is_used_once(client: AsyncClient, people: People) -> None:
    signing_up = await ask_to_sign_up(client, people)
    assert (await confirm(client, signing_up)).status_code == 200
    expect_refusal(await confirm(client, signing_up))
    resetting = await ask_to_reset(client, people)
    assert (await reset(client, resetting)).status_code == 204
    expect_refusal(await reset(client, resetting, "a third long password"))
    tokens = await sign_in(client, password=ANOTHER)
    await client.delete("/v1/me", headers=bearer(tokens))
    expect_refusal(await confirm(client, signing_up), await reset(client, resetting))


async def test_going_back_to_an_old_address_does_not_make_its_link_good_again(
    client: AsyncClient, people: People
) -> None:
    headers = bearer(await sign_up(client, people))
    there = await ask_to_move(client, people, headers, "new@example.org")
    assert (await confirm(client, there)).status_code == 200
    wish = {"email": ADA, "current_password": PASSWORD}
    await client.patch("/v1/me", json=wish, headers=headers)
    assert (await confirm(client, await last_token(people, count=3))).status_code == 200
    expect_refusal(await confirm(client, there))
    assert (await client.get("/v1/me", headers=headers)).json()["email"] == ADA


@pytest.mark.parametrize("kind", ["sign-up", "reset", "move"])
async def test_of_many_who_use_a_link_at_once_one_does(client: AsyncClient, people: People, kind: str) -> None:
    if kind == "sign-up":
        token, good = await ask_to_sign_up(client, people), 200
    else:
        headers = bearer(await sign_up(client, people))
        moving = kind == "move"
        token = await (
            ask_to_move(client, people, headers, "n@example.org") if moving else ask_to_reset(client, people)
        )
        good = 200 if moving else 204
    answers = await asyncio.gather(*((reset if kind == "reset" else confirm)(client, token) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [good, 422, 422, 422, 422, 422]
    expect_refusal(*(answer for answer in answers if answer.status_code == 422))


async def test_of_two_who_sign_up_with_one_address_the_first_to_confirm_has_it(
    client: AsyncClient, people: People
) -> None:
    for password in (PASSWORD, ANOTHER):
        await client.post(ACCOUNTS, json=form(password=password))
    first, second = map(token_in, await letters_to(people.parts, ADA, count=2))
    for token, password in ((second, PASSWORD), (first, ANOTHER), (first, "")):
        told = without_id(await confirm(client, token, password))
        assert [flaw["pointer"] for flaw in told["errors"]] == ["/password"], "a link is only for who asked for it"
    assert (await client.post(CONFIRM, json={"token": first})).status_code == 422
    assert (await confirm(client, second, ANOTHER)).status_code == 200
    expect_refusal(await confirm(client, first))
    assert "access_token" in await sign_in(client, password=ANOTHER)
    assert await sign_in(client) == {"refused": "invalid_grant"}


async def test_of_two_who_take_an_address_at_once_one_has_it(client: AsyncClient, people: People) -> None:
    headers = bearer(await sign_up(client, people))
    await client.post(ACCOUNTS, json=form(email="new@example.org"))
    signing_up = await last_token(people, "new@example.org")
    wish = {"email": "new@example.org", "current_password": PASSWORD}
    await client.patch("/v1/me", json=wish, headers=headers)
    moving = await last_token(people, "new@example.org", count=2)
    answers = await asyncio.gather(confirm(client, signing_up), confirm(client, moving))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    expect_refusal(*(answer for answer in answers if answer.status_code == 422))


async def test_a_new_password_ends_every_link_that_was_on_its_way(client: AsyncClient, people: People) -> None:
    """Whoever had the password and asked for another address gets nothing once its owner has a new password."""
    headers = bearer(await sign_up(client, people))
    moving = await ask_to_move(client, people, headers, "thief@example.org")
    first = await ask_to_reset(client, people, count=3)
    second = await ask_to_reset(client, people, count=4)
    assert (await reset(client, second)).status_code == 204
    expect_refusal(await confirm(client, moving), await reset(client, first))
    assert await sign_in(client, "thief@example.org") == {"refused": "invalid_grant"}


async def test_another_address_ends_the_links_that_went_to_the_old_one(
    client: AsyncClient, people: People
) -> None:
    headers = bearer(await sign_up(client, people))
    resetting = await ask_to_reset(client, people)
    assert (
        await confirm(client, await ask_to_move(client, people, headers, "new@example.org"))
    ).status_code == 200
    expect_refusal(await reset(client, resetting))


async def test_links_of_accounts_that_never_were_are_refused(client: AsyncClient, people: People) -> None:
    await client.post(RESET, json={"email": "nobody@example.org"})
    (letter,) = await letters_to(people.parts, "nobody@example.org")
    assert letter["Subject"] == "No account at Standfirst"
    parts, until = people.parts, people.parts.sources.now() + timedelta(hours=1)
    links = [NewPassword(new_id(), account_id, "", until) for account_id in ("", new_id())]
    moving = NewEmail(new_id(), new_id(), "", "a@example.org", until)
    expect_refusal(*[await reset(client, sealed(parts.seals, link)) for link in links])
    expect_refusal(await confirm(client, sealed(parts.seals, moving)))


async def test_the_longest_form_makes_a_link_that_is_taken(client: AsyncClient, people: People) -> None:
    email = f"{'a' * 64}@{'.'.join(['b' * 61] * 3)}.org"
    await client.post(
        ACCOUNTS, json=form(email=email, name="\U0001f98a" * 200, language="x" * 8 + "-abcdefgh" * 3)
    )
    assert (await confirm(client, await last_token(people, email))).json() == {"email": email}
    parts, until = people.parts, people.parts.sources.now() + timedelta(hours=1)
    longest = NewAccount(new_id(), new_id(), "é" * 127, '"\\' * 100, "x" * 35, "h" * 120, until)
    assert len(sealed(parts.seals, longest)) <= 4000

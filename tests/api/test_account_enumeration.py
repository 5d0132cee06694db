"""Nobody learns whether an address has an account: not from the answer, nor its time, nor what it makes us do."""

import asyncio
from time import process_time

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.accounts import ACCOUNTS, ADA, PASSWORD, bearer, form, sign_up
from tests.letters import in_folder, letters_to, sent, text_of
from tests.newsroom import Clock, Json, Newsroom, Office, People
from tests.wall.statements import statements_of

NOBODY = "nobody@example.org"


def asked(kind: str, email: str) -> tuple[str, Json]:
    return (ACCOUNTS, form(email=email)) if kind == "sign-up" else (f"{ACCOUNTS}/reset", {"email": email})


def told(answer: Response) -> tuple[object, ...]:
    return answer.status_code, sorted(answer.headers.items()), answer.content


@pytest.mark.parametrize("kind", ["sign-up", "reset"])
async def test_the_answers_are_the_same_bytes_and_the_same_statements(
    client: AsyncClient, people: People, office: Office, app: FastAPI, clock: Clock, kind: str
) -> None:
    await Newsroom(client, office.headers).tag("harbour")
    me = (await client.get("/v1/me", headers=bearer(await sign_up(client, people)))).json()
    await office.plan("narrow", opens={"tags": [], "sections": ["harbour"]})
    await office.subscribe(me["id"], "narrow")
    answers, statements = [], []
    for email in (ADA, NOBODY, ADA.upper(), f"{ADA[:3]}\u0301{ADA[3:]}"):
        path, body = asked(kind, email)
        clock.move(hours=2)
        await sent(people.parts)
        people.parts.postman.hurry = lambda: None  # type: ignore[method-assign] # its statements are not the request's
        with statements_of(app) as noted:
            answers.append(told(await client.post(path, json=body)))
        own = [one for one in noted if "letters.due_at" not in one]  # the postman's look is not the request's
        statements.append([one.partition("(")[0].partition(" WHERE")[0] for one in own])
        del people.parts.postman.hurry
        people.parts.postman.hurry()
    assert answers[0][0] == 202
    assert all(answer == answers[0] for answer in answers)
    assert len(statements[0]) > 3
    assert all(one == statements[0] for one in statements), statements


@pytest.mark.parametrize("kind", ["sign-up", "reset"])
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_answers_take_as_long(client: AsyncClient, people: People, clock: Clock, kind: str) -> None:
    await sign_up(client, people)
    took: dict[str, list[float]] = {ADA: [], NOBODY: []}
    for turn in range(6):
        for email in (ADA, NOBODY) if turn % 2 else (NOBODY, ADA):
            clock.move(hours=2)
            path, body = asked(kind, email)
            start = process_time()
            await client.post(path, json=body)
            took[email].append(process_time() - start)
            await sent(people.parts)
    known, unknown = (sorted(times)[len(times) // 2] for times in took.values())
    assert 0.4 < known / unknown < 2.5, took  # without hashing for nobody it would be ten times


@pytest.mark.parametrize("kind", ["sign-up", "reset"])
async def test_nobody_makes_us_write_to_an_address_all_the_time(
    client: AsyncClient, people: People, clock: Clock, kind: str
) -> None:
    await sign_up(client, people)
    clock.move(hours=2)
    (welcome,) = await letters_to(people.parts, ADA)
    answers = []
    for _ in range(6):
        for email in (ADA, NOBODY):
            path, body = asked(kind, email)
            answers.append(told(await client.post(path, json=body)))
    assert all(answer == answers[0] for answer in answers), "who has had enough letters is not told either"
    await letters_to(people.parts, NOBODY, count=3)
    assert (await letters_to(people.parts, ADA, count=4))[0]["Message-ID"] == welcome["Message-ID"]
    other = asked("reset" if kind == "sign-up" else "sign-up", ADA)
    await client.post(other[0], json=other[1])
    await letters_to(people.parts, ADA, count=5)
    clock.move(minutes=61)
    path, body = asked(kind, ADA)
    await client.post(path, json=body)
    await letters_to(people.parts, ADA, count=6)


async def test_many_at_once_are_counted_too(client: AsyncClient, people: People) -> None:
    path, body = asked("reset", NOBODY)
    answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {202}
    await letters_to(people.parts, NOBODY, count=3)


async def test_a_letter_holds_no_words_of_whoever_caused_it(client: AsyncClient, people: People) -> None:
    """Or anybody could send their advertisement to anybody, by signing them up."""
    await client.post(ACCOUNTS, json=form(email=NOBODY, name="Buy at https://spam.example now", language="fr"))
    headers = bearer(await sign_up(client, people))
    wish = {"email": "spam-me@example.org", "current_password": PASSWORD, "name": "Buy at spam.example"}
    await client.patch("/v1/me", json=wish, headers=headers)
    await sent(people.parts)
    letters = in_folder(people.parts.settings.mail_dir)
    assert len(letters) == 4
    for letter in letters:
        assert "spam" not in text_of(letter) + letter["Subject"]
        assert "Ada" not in text_of(letter)

"""What readers send: fields that nobody may give themselves, bad input, and addresses in every script."""

import pytest
from httpx import AsyncClient

from tests.accounts import ACCOUNTS, ADA, ANOTHER, PASSWORD, bearer, form, sign_in, sign_up
from tests.everything import everything
from tests.letters import letters_to, text_of, token_in
from tests.newsroom import People

MORE = (
    "roles",
    "role",
    "id",
    "plans",
    "plan",
    "confirmed",
    "is_admin",
    "password_hash",
    "account_id",
    "created_at",
)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_nobody_gives_themselves_what_was_not_asked_for(client: AsyncClient, people: People) -> None:
    tokens = await sign_up(client, people)
    await client.post(f"{ACCOUNTS}/reset", json={"email": ADA})
    token = token_in((await letters_to(people.parts, ADA, count=2))[-1])
    before = await everything(people.parts)
    bodies = (
        ("POST", ACCOUNTS, form(email="new@example.org")),
        ("POST", f"{ACCOUNTS}/confirm", {"token": token, "password": PASSWORD}),
        ("POST", f"{ACCOUNTS}/reset", {"email": ADA}),
        ("POST", f"{ACCOUNTS}/reset", {"token": token, "password": ANOTHER}),
        ("PATCH", "/v1/me", {"name": "New", "password": ANOTHER, "current_password": PASSWORD}),
    )
    for method, path, body in bodies:
        for name in MORE:
            for value in ("admin", ["admin"], True):
                answer = await client.request(method, path, json={**body, name: value}, headers=bearer(tokens))
                assert answer.status_code == 422, (path, name)
                assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [f"/{name}"]
    assert await everything(people.parts) == before


BAD: list[tuple[dict[str, str], str]] = [
    *(({"email": email}, "/email") for email in (
        "", "ada", "@example.org", "ada@", "ada@example", "a b@example.org", "ada@exa mple.org",
        "ada@@example.org",
        "ada@example..org", ".ada@example.org", "ada@-example.org", "<ada@example.org>", "Ada <ada@example.org>",
        "ada@example.org\nBcc: all@example.org", "ada@example.org\r\n", "ada@example.org,bob@example.org",
        f"{'a' * 65}@example.org", f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 61}.org", "ada@[127.0.0.1]",
        '"ada moor"@example.org', "ada@localhost", "ada@mail.local", "ada@xn--a.example", "ada\u202e@example.org",
    )),
    *(({"password": password}, "/password") for password in ("", "1234567", "x" * 1025)),
    *(({"name": name}, "/name") for name in (
        "", "   ", "x" * 201, "Ada\nMoor", "Ada\r\nBcc: all@example.org", "Ada\u2028Moor",
        "Ada\x07", "Ada\x85Moor",
    )),
    *(({"language": language}, "/language") for language in ("", "e", "fr_CA", "fr\n", "x" * 36)),
]  # fmt: skip


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_bad_input_is_refused_and_not_repeated(client: AsyncClient, people: People) -> None:
    tokens = await sign_up(client, people)
    before = await everything(people.parts)
    for fields, pointer in BAD:
        answer = await client.post(ACCOUNTS, json=form(**fields))
        assert (answer.status_code, [flaw["pointer"] for flaw in answer.json()["errors"]]) == (422, [pointer]), (
            fields
        )
        patched = await client.patch(
            "/v1/me", json={"current_password": PASSWORD, **fields}, headers=bearer(tokens)
        )
        assert (patched.status_code, patched.json()["errors"][0]["pointer"]) == (422, pointer), fields
        (value,) = fields.values()
        assert len(value) < 20 or value not in answer.text + patched.text
    assert await everything(people.parts) == before


@pytest.mark.parametrize(
    ("given", "kept", "also"),
    [
        ("Ada.Moor+News@Example.ORG", "ada.moor+news@example.org", "ADA.MOOR+NEWS@example.org"),
        ("ada@BÜCHER.example", "ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example", "ADA@Bücher.Example"),
        ("Жанна@почта.example", "жанна@почта.example", "жанна@xn--80a1acny.example"),
        ("jose\u0301@example.org", "jos\u00e9@example.org", "JOSÉ@example.org"),
        ("straße@example.org", "straße@example.org", "STRAßE@example.org"),
    ],
)
async def test_an_address_is_one_in_whatever_way_it_is_written(
    client: AsyncClient, people: People, given: str, kept: str, also: str
) -> None:
    wire = kept.replace("bücher", "xn--bcher-kva") if kept.isascii() or "bücher" in kept else kept
    await client.post(ACCOUNTS, json=form(email=given))
    (letter,) = await letters_to(people.parts, wire)
    assert (
        await client.post(f"{ACCOUNTS}/confirm", json={"token": token_in(letter), "password": PASSWORD})
    ).json() == {"email": kept}
    for written in (given, kept, also, f" {also} "):
        assert "access_token" in await sign_in(client, written), written
    await client.post(ACCOUNTS, json=form(email=also))
    (_, second) = await letters_to(people.parts, wire, count=2)
    assert "http" not in text_of(second), "it is the same account"

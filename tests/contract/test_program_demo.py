"""`standfirst demo`: what it prints works, and what it made stays."""

import shlex
from pathlib import Path
from typing import Any

import httpx

from domain.people import Role
from tests.contract.program import Server, started


def called(line: str, token: str) -> httpx.Response:
    """Do what a printed `curl` line does."""
    _, *words = shlex.split(line.replace("$TOKEN", token))
    form: dict[str, str] = {}
    headers: dict[str, str] = {}
    url = ""
    while words:
        word = words.pop(0)
        if word == "-d":
            name, _, form[name] = words.pop(0).partition("=")
        elif word == "-H":
            name, _, headers[name] = words.pop(0).partition(": ")
        else:
            url = word
    return httpx.post(url, data=form) if form else httpx.get(url, headers=headers)


def newsroom_of(server: Server) -> list[Any]:
    items: list[Any] = httpx.get(f"{server.url}/v1/articles?limit=100").json()["items"]
    return items


def test_the_demo_prints_what_really_works_and_keeps_its_data(tmp_path: Path) -> None:
    with started(tmp_path, "demo") as server:
        lines = server.printed.splitlines()
        token = next(line for line in lines if line.startswith("TOKEN=")).removeprefix("TOKEN=")
        curls = [line for line in lines if line.startswith("curl ")]
        answers = [called(line, token) for line in curls]
        assert [answer.status_code for answer in answers] == [200] * 4
        teaser, whole, signed_in, cards = (answer.json() for answer in answers)
        assert (teaser["access"]["granted"], whole["access"]["granted"]) == ("teaser", "full")
        assert len(teaser["body"]) < len(whole["body"])
        assert signed_in["token_type"] == "bearer"
        assert cards["items"]
        people = {}
        for at, line in enumerate(lines):
            if line.startswith("# "):
                headers = {"Authorization": f"Bearer {lines[at + 1]}"}
                me = httpx.get(f"{server.url}/v1/me", headers=headers).json()
                assert me["email"] == line.removeprefix("# ")
                people[me["email"].partition("@")[0]] = me["roles"]
        assert {role for roles in people.values() for role in roles} == set(Role)
        before = newsroom_of(server)
        assert len(before) > 20
    with started(tmp_path, "demo") as server:
        again = newsroom_of(server)
        assert [card["id"] for card in again] == [card["id"] for card in before]
        line = next(line for line in server.printed.splitlines() if line.startswith("curl -d"))
        assert called(line, "").status_code == 200

"""`standfirst demo`: what it prints works, and what it made stays."""

import shlex
import time
from pathlib import Path
from typing import Any

import httpx

from api.demo.newsroom import SIGN_UP
from domain.people import Role
from tests.contract.program import Server, started
from tests.letters import in_folder, token_in


def called(line: str, token: str) -> httpx.Response:
    """Do what a printed `curl` line does."""
    _, *words = shlex.split(line.replace("$TOKEN", token))
    form: dict[str, str] = {}
    headers: dict[str, str] = {}
    content = ""
    url = ""
    while words:
        word = words.pop(0)
        if word == "-d" and words[0].startswith("{"):
            content = words.pop(0)
        elif word == "-d":
            name, _, form[name] = words.pop(0).partition("=")
        elif word == "-H":
            name, _, headers[name] = words.pop(0).partition(": ")
        else:
            url = word
    if content:
        return httpx.post(url, content=content, headers=headers)
    return httpx.post(url, data=form) if form else httpx.get(url, headers=headers)


def confirm(server: Server, folder: Path, password: str) -> str:
    """Use the link of the letter that comes into a folder, and return the address that it has confirmed."""
    for _ in range(100):
        if letters := in_folder(folder):
            break
        time.sleep(0.05)
    (letter,) = letters
    link = {"token": token_in(letter), "password": password}
    answer = httpx.post(f"{server.url}/v1/accounts/confirm", json=link)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["email"])


def test_the_example_of_signing_up_runs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "readers.md").read_text().replace("\\\n", "")
    sign_up, confirmation = (line for line in page.splitlines() if line.startswith("curl "))
    with started(tmp_path, "serve") as server:
        assert called(sign_up.replace("http://127.0.0.1:8000", server.url), "").status_code == 202
        assert confirm(server, tmp_path / "data" / "mail", "a long enough password") == "ada@example.org"
        refused = called(confirmation.replace("http://127.0.0.1:8000", server.url), "")
        assert refused.json()["type"] == "/problems/link-refused", "its token is for the reader to put in"


def newsroom_of(server: Server) -> list[Any]:
    items: list[Any] = httpx.get(f"{server.url}/v1/articles?limit=100").json()["items"]
    return items


def test_the_demo_prints_what_really_works_and_keeps_its_data(tmp_path: Path) -> None:
    with started(tmp_path, "demo") as server:
        lines = server.printed.splitlines()
        token = next(line for line in lines if line.startswith("TOKEN=")).removeprefix("TOKEN=")
        curls = [line for line in lines if line.startswith("curl ")]
        answers = [called(line, token) for line in curls]
        assert [answer.status_code for answer in answers] == [*[200] * 4, 202]
        teaser, whole, signed_in, cards, _ = (answer.json() for answer in answers)
        confirm(server, tmp_path / "demo-data" / "mail", SIGN_UP["password"])
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

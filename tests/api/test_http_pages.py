"""Pages for people: what each type of problem means, and the contract's reader, from this server alone."""

import re
from html import unescape
from http import HTTPStatus

import pytest
from httpx import AsyncClient

from api.problem_kinds import KINDS
from api.problems import _OF_REFUSAL, _OF_STATUS, RowsRefused
from domain import errors

OUTSIDE = re.compile(r"(?:https?:)?//[\w.-]+")

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_every_type_of_problem_has_a_page(client: AsyncClient) -> None:
    assert {*_OF_REFUSAL.values(), *_OF_STATUS.values()} <= set(KINDS)
    for name, kind in KINDS.items():
        assert name == kind.name
        response = await client.get(f"/problems/{name}")
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["cache-control"] == "public, max-age=3600"
        assert f"<h1>{kind.title}</h1>" in response.text
        assert f"{kind.status} {HTTPStatus(kind.status).phrase}" in response.text
        told = re.sub(r"</?code>", "`", response.text.rpartition("<p>")[2].removesuffix("</p>"))
        assert unescape(told) == kind.explanation


async def test_every_refusal_has_its_type_of_problem(client: AsyncClient) -> None:
    refusals = {error for error in vars(errors).values() if isinstance(error, type)}
    refusals = {error for error in refusals if issubclass(error, errors.Refusal)} - {errors.Refusal}
    assert set(_OF_REFUSAL) == refusals | {RowsRefused}


async def test_the_contract_is_readable_with_no_internet(client: AsyncClient) -> None:
    page = await client.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert OUTSIDE.search(page.text) is None
    linked = re.findall(r"(?:src|href)=[\"']?([^\s\"'>]+)", page.text)
    assert linked == ["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"]
    answers = {path: await client.get(path) for path in linked}
    assert [answer.status_code for answer in answers.values()] == [200, 200, 200]
    kinds = [answer.headers["content-type"].partition(";")[0] for answer in answers.values()]
    assert kinds == ["text/css", "text/javascript", "text/javascript"]
    start = answers["/docs/start.js"].text
    assert re.findall(r'url: "([^"]+)"', start) == ["/openapi.json"]
    assert OUTSIDE.search(start) is None
    loads = re.findall(r"(?:url\(|@import )[\"']?([^\"')]+)", answers["/docs/swagger-ui.css"].text)
    assert all(address.startswith("data:") for address in loads)
    contract = await client.get("/openapi.json")
    assert (contract.status_code, contract.json()["openapi"][:3]) == (200, "3.1")
    assert contract.json()["servers"] == [{"url": "https://api.test"}]
    part = await client.get("/openapi/delivery.json")
    assert part.json()["servers"] == [{"url": "https://api.test"}]
    assert {"/v1/articles"} < part.json()["paths"].keys() < contract.json()["paths"].keys()


async def test_the_readers_policy_lets_nothing_from_outside_in(client: AsyncClient) -> None:
    policy = (await client.get("/docs")).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert set(" ".join(rules.values()).split()) <= {"'self'", "'unsafe-inline'", "data:"}
    assert rules["script-src"] == "'self'"


async def test_pages_take_no_unknown_parameter(client: AsyncClient) -> None:
    for path in ("/docs", "/openapi.json", "/healthz", "/readyz", "/.well-known/jwks.json"):
        assert (await client.get(path)).status_code == 200
        assert (await client.get(f"{path}?x=1")).status_code == 400

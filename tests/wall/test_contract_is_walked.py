"""The walk of the canary covers all there is: every route is in the contract, or here with a reason."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.app import application
from infra.settings import Settings
from tests.newsroom import Json
from tests.wall import walk
from tests.wall.corpus import Corpus

OUTSIDE_THE_CONTRACT = {
    "/openapi.json": "the contract itself",
    "/openapi/delivery.json": "its part for readers",
    "/docs": "a constant page that shows the contract",
    "/docs/start.js": "a constant script of that page",
    "/docs/{asset}": "two constant files of that page, from an installed package",
    "/problems/{name}": "constant explanations of the types of problems",
}


@pytest.fixture(scope="module")
def bare() -> FastAPI:
    return application(Settings(_env_file=None))


@pytest.fixture
def nothing() -> Corpus:
    """A corpus of which nothing was made: enough to ask what a walk would send."""
    unknown: Any = None
    return Corpus(unknown, unknown, tags=["sea"], contributors=["known"])


def test_every_route_is_in_the_contract_or_here_with_a_reason(bare: FastAPI) -> None:
    promised = {(path, method.upper()) for path, methods in bare.openapi()["paths"].items() for method in methods}
    served = {
        (context.path, method)
        for context in iter_route_contexts(bare.router.routes)
        for method in getattr(context, "methods", None) or {"*"}
        if context.path not in OUTSIDE_THE_CONTRACT
    }
    assert served == promised


def test_nothing_is_excused_that_does_not_exist(bare: FastAPI) -> None:
    assert {context.path for context in iter_route_contexts(bare.router.routes)} >= OUTSIDE_THE_CONTRACT.keys()


def test_a_new_path_parameter_without_values_is_told(bare: FastAPI, nothing: Corpus) -> None:
    parameter = {"in": "path", "name": "code", "schema": {"type": "string"}}
    new = walk.Operation("get", "/v1/gifts/{code}", {"operationId": "read_gift", "parameters": [parameter]})
    with pytest.raises(AssertionError, match="'code' that the canary walk cannot fill"):
        list(walk.reads(bare, nothing, new))


def test_a_new_query_parameter_without_values_is_told(bare: FastAPI, nothing: Corpus) -> None:
    parameter: Json = {"in": "query", "name": "near", "schema": {"anyOf": [{"type": "string"}, {"type": "null"}]}}
    new = walk.Operation("get", "/v1/search", {"operationId": "search", "parameters": [parameter]})
    with pytest.raises(AssertionError, match="'near' that the canary walk cannot fill"):
        list(walk.reads(bare, nothing, new))


def test_a_new_writing_operation_without_a_request_is_told(bare: FastAPI, nothing: Corpus) -> None:
    new = walk.Operation("post", "/v1/loans", {"operationId": "lend_article"})
    with pytest.raises(AssertionError, match="'lend_article' that the canary walk has no real request for"):
        list(walk.writes(bare, nothing, new))

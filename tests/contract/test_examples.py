"""Every operation has examples, each fits its schema, and they are what the application answers."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from api import contract, examples
from api.app import application
from api.problem_examples import EXAMPLES
from api.problem_kinds import KINDS
from api.problems import MEDIA_TYPE
from infra.settings import Settings
from tests.contract import example_newsroom
from tests.contract.test_contract import operations
from tests.newsroom import Json

HOW = "add a request with a name in tests/contract/example_newsroom.py, then: make examples openapi"


@pytest.fixture(scope="module")
def document() -> Json:
    return contract.document(application(Settings(_env_file=None)))


def bodies(operation: Json) -> Iterator[tuple[str, str, Json]]:
    """Everything of an operation that has a schema: what it is, its type, and itself."""
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield "its request", kind, body
    for status, response in operation["responses"].items():
        for kind, body in response.get("content", {}).items():
            yield status, kind, body


def lacking(document: Json) -> list[str]:
    """Say of each body that is text and has no example where it is missing."""
    return [
        f"{method.upper()} {path} has no example for {what} ({kind}): {HOW}"
        for path, method, operation in operations(document)
        for what, kind, body in bodies(operation)
        if not body.get("examples") and not kind.startswith("image/")
    ]


def flaws(document: Json, schema: Json, value: Any) -> list[str]:
    validator = OAS31Validator(
        {**schema, "components": document["components"]}, format_checker=oas31_format_checker
    )
    return [f"{flaw.json_path}: {flaw.message}" for flaw in validator.iter_errors(value)]


def test_every_body_has_an_example(document: Json) -> None:
    assert "\n".join(lacking(document)) == ""


def test_what_lacks_an_example_is_told(document: Json) -> None:
    new = {"operationId": "search", "responses": {"200": {"content": {"application/json": {"schema": {}}}}}}
    assert lacking({"paths": {"/v1/search": {"get": new}}}) == [
        f"GET /v1/search has no example for 200 (application/json): {HOW}"
    ]


def test_every_example_fits_its_schema(document: Json) -> None:
    wrong = []
    for path, method, operation in operations(document):
        for what, _, body in bodies(operation):
            for name, example in body.get("examples", {}).items():
                value = document["components"]["examples"][name] if "$ref" in example else example
                found = flaws(document, body["schema"], value["value"])
                wrong += [f"{method} {path}, {what}, {name}: {flaw}" for flaw in found]
        for parameter in operation.get("parameters", ()):
            if "example" in parameter:
                found = flaws(document, parameter["schema"], parameter["example"])
                wrong += [f"{method} {path}, {parameter['name']}: {flaw}" for flaw in found]
    assert wrong == []


def test_an_example_that_does_not_fit_is_told(document: Json) -> None:
    schema = {"$ref": "#/components/schemas/Health"}
    assert flaws(document, schema, {"status": "ok"}) == []
    assert flaws(document, schema, {"status": 7}) == ["$.status: 7 is not of type 'string'"]


def test_a_failure_has_an_example_of_each_of_its_kinds(document: Json) -> None:
    assert EXAMPLES.keys() == KINDS.keys()
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            named = response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
            for name in named if status != "default" else ():
                assert EXAMPLES[name].status == HTTPStatus(int(status)), (method, path, status)


def test_the_examples_are_what_the_application_answers() -> None:
    made = example_newsroom.texts()
    kept = {file.name: file.read_text() for file in example_newsroom.FOLDER.glob("*.json")}
    assert kept.keys() == made.keys(), "run: make examples openapi"
    for name, text in made.items():
        assert json.loads(kept[name]) == json.loads(text), f"{name} is not so any more; run: make examples openapi"


def test_no_example_is_kept_of_what_is_not_in_the_contract(document: Json) -> None:
    known = {operation["operationId"] for _, _, operation in operations(document)}
    assert {file.stem for file in example_newsroom.FOLDER.glob("*.json")} <= known
    assert examples.kept("never") == {}

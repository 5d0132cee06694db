"""The document itself: it is the application's, it is valid, and it says everything that it should."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import contract
from api.app import application
from api.problems import MEDIA_TYPE
from domain.permissions import PERMISSIONS, Permission
from infra.settings import Settings
from tests.newsroom import Json

FOLDER = Path(__file__).parents[2] / "openapi"
PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application(Settings(_env_file=None))


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Json:
    return contract.document(app)


def nodes(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_committed_document_is_the_applications(app: FastAPI) -> None:
    for name, text in contract.texts(app).items():
        assert (FOLDER / name).read_text() == text, "run: standfirst openapi"


def test_the_document_does_not_depend_on_settings() -> None:
    other = Settings(_env_file=None, public_url="https://api.test", cors_origins=("https://www.test",))
    assert contract.texts(application(other)) == contract.texts(application(Settings(_env_file=None)))


def test_it_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_operation_says_what_it_is(document: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    known = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), where
        assert operation["summary"], where
        assert not operation["summary"].endswith("."), where
        assert operation["description"].rstrip().endswith("."), where
        assert len(operation["tags"]) == 1, where
        assert set(operation["tags"]) <= known, where


def is_versioned(path: str) -> bool:
    """Whether several people may write to what is there; what is a reader's own has no version."""
    return not path.startswith("/v1/me")


def test_every_failure_of_every_operation_is_a_problem(document: Json) -> None:
    for path, method, operation in operations(document):
        statuses = set(operation["responses"])
        assert {"default"} < statuses, path
        for status, response in operation["responses"].items():
            assert response["description"], path
            assert response["description"] != "Successful Response"
            if status == "default" or status >= "400":
                assert response["content"].keys() == {MEDIA_TYPE}, (method, path, status)
                assert response["content"][MEDIA_TYPE]["schema"] == PROBLEM, (method, path, status)
        if path.startswith(("/v1/", "/media/")):
            assert {"400", "401", "503"} <= statuses, path
            assert ("404" in statuses) == ("{" in path), path
        if "requestBody" in operation:
            assert {"413", "415"} <= statuses, path
        if "x-permission" in operation:
            assert "403" in statuses, path
        if is_versioned(path) and (method in {"patch", "delete", "put"} or "/actions/" in path):
            assert {"412", "428"} <= statuses, path


def test_every_parameter_is_described_and_none_is_null(document: Json) -> None:
    for path, method, operation in operations(document):
        names = [parameter["name"] for parameter in operation.get("parameters", ())]
        assert len(names) == len(set(names)), path
        for parameter in operation.get("parameters", ()):
            where = f"{method} {path} {parameter['name']}"
            assert "null" not in json.dumps(parameter["schema"]), where
            assert parameter.get("description"), where
        writes = method in {"patch", "delete", "put"} or "/actions/" in path
        writes = is_versioned(path) and (writes or path.endswith(("/restore", "/merge", "}/revoke")))
        required = [one for one in operation.get("parameters", ()) if one["name"] == "If-Match"]
        assert [one["required"] for one in required] == ([True] if writes else []), path


def test_headers_are_told(document: Json) -> None:
    for path, method, operation in operations(document):
        told = {status: set(response.get("headers", ())) for status, response in operation["responses"].items()}
        where = f"{method} {path}"
        for status, name in (
            ("201", "Location"),
            ("201", "ETag"),
            ("401", "WWW-Authenticate"),
            ("429", "Retry-After"),
            ("429", "RateLimit"),
            ("503", "Retry-After"),
        ):
            is_fixed = name == "ETag" and path.endswith("/gifts")  # what is given away is never written to
            assert status not in told or name in told[status] or is_fixed, where
        bodies = operation["responses"].get("200", {}).get("content", {}).values()
        is_page = 'Page"' in json.dumps([body["schema"] for body in bodies])
        assert ("Link" in told.get("200", ())) == is_page, where
        if path == "/v1/previews/{token}" or path.endswith("/access"):
            assert told["200"] == {"Cache-Control"}
        elif operation["tags"] == ["Delivery"]:
            for status in ("200", "304"):
                assert {"ETag", "Cache-Control", "Vary"} <= told[status], where


def test_what_an_operation_needs_is_told_to_people_too(document: Json) -> None:
    for path, _, operation in operations(document):
        permission = operation.get("x-permission")
        if permission:
            roles = sorted(PERMISSIONS[Permission(permission)])
            assert operation["description"].endswith(f"For roles: {', '.join(roles)}."), path
            assert operation["security"] == [{"bearer": []}], path
        elif path.startswith(("/v1/", "/media/")):
            assert {"bearer": []} not in operation["security"] or {} in operation["security"], path
        guarded = ("/v1/editorial", "/v1/me", "/v1/admin", "/v1/sync/", "/v1/articles/{slug_or_id}/gifts")
        assert ("x-permission" in operation) == path.startswith(guarded), path


def test_every_reference_leads_somewhere_and_every_component_is_used(document: Json) -> None:
    references = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    for node in nodes(document):
        discriminator = node.get("discriminator")
        if isinstance(discriminator, dict):
            assert set(discriminator["mapping"].values()) == {one["$ref"] for one in node["oneOf"]}
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "headers", "examples")
        for name in document["components"][kind]
    }
    assert references == there


def test_names_are_for_people(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert re.fullmatch(r"([A-Z][a-z]+)+", name), name
        if schema.get("type") == "object":
            assert schema.get("description") or name.endswith("Form"), name
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert "title" not in parameter["schema"], operation["operationId"]
    for name, schema in document["components"]["schemas"].items():
        assert not isinstance(schema.get("title"), str), name
    ours = {name for node in nodes(document) for name in node if name.startswith("x-")}
    assert ours == {"x-permission", "x-rate-limit"}


CARD = """id slug language kind title standfirst section published_at updated_at revision reading_minutes credits
source tags lead_image access canonical_url"""
ARTICLE = f"{CARD} body related translations corrections rights seo extensions"
ACCESS = "requires plans granted reason remaining_percent meter offers"
REASONS = """free registered subscriber metered gift licence staff registration_required subscription_required
plan_required meter_exhausted metered_available"""


def test_readers_get_the_fields_of_the_contract_all_of_them_always(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name, fields in {"Article": ARTICLE, "Access": ACCESS}.items():
        assert set(schemas[name]["properties"]) == set(schemas[name]["required"]) == set(fields.split())
        assert schemas[name]["additionalProperties"] is False
    assert set(schemas["Card"]["properties"]) == set(schemas["Card"]["required"]) == set(CARD.split())
    assert set(schemas["CardAccess"]["required"]) == set(ACCESS.split()) - {"meter", "offers"}
    assert set(schemas["Reason"]["enum"]) == set(REASONS.split())
    assert set(schemas["TextBlock"]["properties"]) - set(schemas["TextBlock"]["required"]) == {"listItem", "level"}


def test_the_newsroom_gets_every_field_of_what_it_can_send(document: Json) -> None:
    schemas = document["components"]["schemas"]
    article = schemas["NewsroomArticle"]
    sent = set(schemas["ArticleForm"]["properties"]) - {"body_html", "body_markdown", "note"}
    assert sent < set(article["required"]) == set(article["properties"])
    assert set(schemas["ArticleForm"]["required"]) == {"title", "language"}


def test_the_part_for_readers_is_all_that_is_not_for_staff(document: Json) -> None:
    part = json.loads((FOLDER / "delivery.json").read_text())
    staff = ("/v1/editorial/", "/v1/admin/")
    assert part["paths"].keys() == {path for path in document["paths"] if not f"{path}/".startswith(staff)}
    assert re.search("newsroom|editorial", json.dumps(part), re.IGNORECASE) is None
    forms = {name for name in part["components"]["schemas"] if name.endswith(("Form", "Patch"))}
    assert forms == {
        "AcknowledgementForm",
        "ConfirmationForm",
        "NewPasswordForm",
        "ProfilePatch",
        "RevocationForm",
        "SignUpForm",
        "TokenForm",
    }
    references = {node["$ref"] for node in nodes(part) if isinstance(node.get("$ref"), str)}
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "headers", "examples")
        for name in part["components"].get(kind, ())
    }
    assert references == there
    assert {tag["name"] for tag in part["tags"]} == {one["tags"][0] for _, _, one in operations(part)}

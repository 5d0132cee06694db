"""What breaks a client is found, what doesn't is not, and the changelog names exactly that."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from api.promises import breaking, disagreements, released, slim
from tests.contract.test_contract import FOLDER
from tests.newsroom import Json

Change = Callable[[Json], Any]

OLD: Json = {
    "info": {"version": "1.0.0"},
    "paths": {
        "/v1/tags": {
            "get": {
                "operationId": "list_tags",
                "security": [{}, {"bearer": []}],
                "parameters": [
                    {"in": "query", "name": "kind", "schema": {"$ref": "#/components/schemas/Kind"}},
                    {
                        "in": "query",
                        "name": "limit",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 100},
                        "description": "x",
                    },
                ],
                "responses": {
                    "200": {
                        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}}
                            }
                        },
                    },
                    "404": {"description": "x"},
                },
            },
            "post": {
                "operationId": "create_tag",
                "security": [{"bearer": []}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/TagForm"}},
                        "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/TagForm"}},
                    }
                },
                "responses": {"201": {"description": "x"}},
            },
        }
    },
    "components": {
        "headers": {"ETag": {"required": True, "schema": {"type": "string"}}, "Maybe": {"required": False}},
        "schemas": {
            "Kind": {"type": "string", "enum": ["place", "topic"]},
            "Tag": {
                "type": "object",
                "required": ["slug", "kind", "block"],
                "properties": {
                    "slug": {"type": "string", "description": "x"},
                    "kind": {"$ref": "#/components/schemas/Kind"},
                    "note": {"type": "string"},
                    "count": {"type": "number"},
                    "at": {"type": "string", "format": "date-time"},
                    "block": {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]},
                },
            },
            "TagForm": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "maxLength": 9},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "names": {"type": "object", "patternProperties": {"x": {"type": "string"}}},
                    "more": {"type": "object"},
                },
            },
            "A": {"type": "object", "properties": {"_type": {"const": "a"}}},
            "B": {
                "type": "object",
                "properties": {"_type": {"const": "b"}, "inner": {"$ref": "#/components/schemas/B"}},
            },
        },
    },
}


def get(new: Json) -> Json:
    return dict.__getitem__(new["paths"]["/v1/tags"], "get")


def post(new: Json) -> Json:
    return dict.__getitem__(new["paths"]["/v1/tags"], "post")


def schema(new: Json, name: str) -> Json:
    return dict.__getitem__(new["components"]["schemas"], name)


def prop(new: Json, name: str, field: str) -> Json:
    return dict.__getitem__(schema(new, name)["properties"], field)


BREAKS: dict[str, Change] = {
    "`GET /v1/tags` is gone": lambda new: new["paths"]["/v1/tags"].pop("get"),
    "`GET /v1/tags` is gone; `POST /v1/tags` is gone": lambda new: new["paths"].clear(),
    "`GET /v1/tags`: `list_tags` is called `tags` now": lambda new: get(new).update(operationId="tags"),
    "`GET /v1/tags` cannot be called without a token any more": lambda new: get(new)["security"].pop(0),
    "`GET /v1/tags` cannot be called with bearer any more": lambda new: get(new)["security"].pop(1),
    "`GET /v1/tags`: query parameter `kind` is gone": lambda new: get(new)["parameters"].pop(0),
    "`GET /v1/tags`: query parameter `kind` is required now": lambda new: get(new)["parameters"][0].update(
        required=True
    ),
    "`GET /v1/tags`: header parameter `If-Match` is required now": lambda new: get(new)["parameters"].append(
        {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}
    ),
    "`GET /v1/tags`: query parameter `limit` has a maximum of 50 now": lambda new: get(new)["parameters"][1][
        "schema"
    ].update(maximum=50),
    "`GET /v1/tags`: query parameter `limit` has a minimum of 2 now": lambda new: get(new)["parameters"][1][
        "schema"
    ].update(minimum=2),
    "`GET /v1/tags`: query parameter `limit` is string now": lambda new: get(new)["parameters"][1].update(
        schema={"type": "string"}
    ),
    "`GET /v1/tags` does not answer 200 any more": lambda new: get(new)["responses"].pop("200"),
    "`GET /v1/tags`: 200 is not application/json any more": lambda new: get(new)["responses"]["200"][
        "content"
    ].clear(),
    "`GET /v1/tags`: 200 does not always have the header `ETag` any more": lambda new: get(new)["responses"][
        "200"
    ].pop("headers"),
    "`GET /v1/tags`: 200's body is object now": lambda new: get(new)["responses"]["200"]["content"].update(
        {"application/json": {"schema": {"type": "object"}}}
    ),
    "`POST /v1/tags`: a body is required now": lambda new: post(new)["requestBody"].update(required=True),
    "`POST /v1/tags`: a body cannot be sent as application/merge-patch+json any more": lambda new: post(new)[
        "requestBody"
    ]["content"].pop("application/merge-patch+json"),
    "schema `Kind` is gone": lambda new: (
        new["components"]["schemas"].update(Other=new["components"]["schemas"].pop("Kind")),
        prop(new, "Tag", "kind").update({"$ref": "#/components/schemas/Other"}),
        get(new)["parameters"][0].update(schema={"$ref": "#/components/schemas/Other"}),
    ),
    "`Kind`, sent cannot be 'topic' any more": lambda new: schema(new, "Kind")["enum"].remove("topic"),
    "`Kind`, answered can be 'event' now": lambda new: schema(new, "Kind")["enum"].append("event"),
    "`Tag`, answered: property `note` is gone": lambda new: schema(new, "Tag")["properties"].pop("note"),
    "`Tag`, answered: property `slug` may be left out now": lambda new: schema(new, "Tag")["required"].remove(
        "slug"
    ),
    "`Tag`, answered, `note` can be `null` now": lambda new: schema(new, "Tag")["properties"].update(
        note={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "`TagForm`, sent, `name` has the format uuid now; `Tag`, answered, `at` has the format date now": lambda new: (
        prop(new, "TagForm", "name").update(format="uuid"),
        prop(new, "Tag", "at").update(format="date"),
    ),
    "`Tag`, answered, `block` can be `C` now": lambda new: (
        new["components"]["schemas"].update(C={"type": "object"}),
        prop(new, "Tag", "block")["oneOf"].append({"$ref": "#/components/schemas/C"}),
    ),
    "`A`, answered, `_type` can be 'c' now": lambda new: prop(new, "A", "_type").update(const="c"),
    "`B`, answered, `_type` can be any other now": lambda new: prop(new, "B", "_type").clear(),
    "`TagForm`, sent: property `slug` is required now": lambda new: schema(new, "TagForm").update(
        required=["name", "slug"], properties={**schema(new, "TagForm")["properties"], "slug": {"type": "string"}}
    ),
    "`TagForm`, sent: property `note` is gone": lambda new: schema(new, "TagForm")["properties"].pop("note"),
    "`TagForm`, sent, `note` cannot be `null` any more": lambda new: schema(new, "TagForm")["properties"].update(
        note={"type": "string"}
    ),
    "`TagForm`, sent, `name` has a maxLength of 5 now": lambda new: prop(new, "TagForm", "name").update(
        maxLength=5
    ),
    "`TagForm`, sent, `name` has a minLength of 1 now": lambda new: prop(new, "TagForm", "name").update(
        minLength=1
    ),
    "`TagForm`, sent, `name` has another pattern now": lambda new: prop(new, "TagForm", "name").update(
        pattern="^a"
    ),
    "`TagForm`, sent, `name` cannot be any other any more": lambda new: prop(new, "TagForm", "name").update(
        enum=["a"]
    ),
    "`TagForm`, sent, `names`, each has a minLength of 1 now": lambda new: prop(new, "TagForm", "names").update(
        patternProperties={"x": {"type": "string", "minLength": 1}}
    ),
    "`TagForm`, sent, `more` takes no other properties any more": lambda new: prop(new, "TagForm", "more").update(
        additionalProperties=False
    ),
}

FINE: dict[str, Change] = {
    "nothing": lambda new: new,
    "words": lambda new: (get(new).update(description="y"), prop(new, "Tag", "slug").update(description="y")),
    "a new operation": lambda new: new["paths"].update(
        {"/v1/new": {"get": {"operationId": "n", "responses": {}}}}
    ),
    "a new optional parameter": lambda new: get(new)["parameters"].append(
        {"in": "query", "name": "new", "schema": {"type": "string"}}
    ),
    "a new failure": lambda new: get(new)["responses"].update({"410": {"description": "x"}}),
    "one failure less": lambda new: get(new)["responses"].pop("404"),
    "another way in": lambda new: post(new)["security"].append({}),
    "a wider bound": lambda new: get(new)["parameters"][1]["schema"].update(maximum=200),
    "a wider number": lambda new: get(new)["parameters"][1]["schema"].update(type="number"),
    "a narrower number": lambda new: prop(new, "Tag", "count").update(type="integer"),
    "a new property that is answered": lambda new: schema(new, "Tag")["properties"].update(new={"type": "string"}),
    "a new property that can be sent": lambda new: schema(new, "TagForm")["properties"].update(
        new={"type": "string"}
    ),
    "null is taken": lambda new: schema(new, "TagForm")["properties"].update(
        name={"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}
    ),
    "a field need not be sent": lambda new: schema(new, "TagForm").update(required=[]),
    "a field is always answered": lambda new: schema(new, "Tag")["required"].append("note"),
    "one kind of block less": lambda new: prop(new, "Tag", "block")["oneOf"].pop(),
    "a union gets a name": lambda new: (
        new["components"]["schemas"].update(Block={"oneOf": prop(new, "Tag", "block")["oneOf"]}),
        schema(new, "Tag")["properties"].update(block={"$ref": "#/components/schemas/Block"}),
    ),
    "a new schema": lambda new: new["components"]["schemas"].update(New={"type": "object"}),
    "another header": lambda new: get(new)["responses"]["200"]["headers"].update(
        Maybe={"$ref": "#/components/headers/Maybe"}
    ),
}


def changed(change: Change) -> Json:
    new = deepcopy(OLD)
    change(new)
    return new


@pytest.mark.parametrize("item", BREAKS)
def test_what_breaks_is_found(item: str) -> None:
    assert breaking(OLD, changed(BREAKS[item])) == item.split("; ")


@pytest.mark.parametrize("name", FINE)
def test_what_breaks_nothing_is_not_told(name: str) -> None:
    assert breaking(OLD, changed(FINE[name])) == []


def test_the_same_is_found_without_words_and_examples() -> None:
    for change in BREAKS.values():
        assert breaking(slim(OLD), changed(change)) == breaking(OLD, changed(change))
    kept = slim({"properties": {"description": {"description": "x", "type": "string"}}, "examples": {}})
    assert kept == {"properties": {"description": {"type": "string"}}}


LOG = """# Changes

## Unreleased

Said.

- Breaking: a is gone
- New: b

## 1.0.0 – 2026-01-01

- Breaking: old
"""


def test_the_changelog_names_exactly_what_breaks() -> None:
    assert disagreements(LOG, ["a is gone"]) == []
    assert disagreements(LOG, ["a is gone", "c is gone"]) == ["add     - Breaking: c is gone"]
    assert disagreements(LOG, []) == ["remove  - Breaking: a is gone"]
    assert disagreements(LOG, ["a is gone", "old"]) == ["add     - Breaking: old"]
    after = released(LOG, "2.0.0", "2026-02-01")
    assert disagreements(after, []) == []
    assert "## Unreleased\n\n## 2.0.0 – 2026-02-01\n\nSaid." in after


def test_the_contract_breaks_nothing_that_its_changelog_does_not_name() -> None:
    old, new = (json.loads((FOLDER / name).read_text()) for name in ("released.json", "openapi.json"))
    changelog = (FOLDER / "CHANGELOG.md").read_text()
    assert disagreements(changelog, breaking(old, new)) == []
    latest = changelog.partition("## Unreleased\n")[2].partition("\n## ")[2]
    assert latest.partition(" ")[0] == old["info"]["version"]


def test_every_operation_that_would_go_is_noticed() -> None:
    now = slim(json.loads((FOLDER / "openapi.json").read_text()))
    for path, methods in now["paths"].items():
        for method in methods:
            kept = {name: one for name, one in methods.items() if name != method}
            without = {**now, "paths": {**now["paths"], path: kept}}
            assert breaking(now, without) == [f"`{method.upper()} {path}` is gone"]

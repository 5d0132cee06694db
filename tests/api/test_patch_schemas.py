"""What the contract says of each field of a merge patch is how it is taken."""

from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator

from tests.api.forms import Form, forms
from tests.newsroom import Json, Newsroom, People

MERGE = {"Content-Type": "application/merge-patch+json"}


class Patching:
    """Sends merge patches to one thing, each on the version before."""

    def __init__(self, newsroom: Newsroom, form: Form, document: Json) -> None:
        self.newsroom, self.form, self.version = newsroom, form, 1
        template = next(
            path
            for path, methods in document["paths"].items()
            if "patch" in methods and path.rpartition("/")[0] == form.path.rpartition("/")[0]
        )
        content = document["paths"][template]["patch"]["requestBody"]["content"]
        name = content["application/merge-patch+json"]["schema"]["$ref"].rpartition("/")[2]
        self.schemas: Json = document["components"]["schemas"]
        self.schema: Json = self.schemas[name]
        self.validator = OAS31Validator({**self.schema, "components": document["components"]})

    async def send(self, patch: Any) -> httpx.Response:
        path = self.form.path.removeprefix("/v1/editorial")
        answer = await self.newsroom.send("PATCH", path, version=self.version, json=patch, headers=MERGE)
        if answer.is_success:
            self.version = answer.json()["version"]
        return answer

    def inner(self, name: str) -> Json:
        """Return the fields of an object in the object, if a patch of it is one."""
        schema = self.schema["properties"][name]
        refs = [one.get("$ref", "") for one in schema.get("anyOf", [schema])]
        patches = [one.rpartition("/")[2] for one in refs if one.endswith("Patch")]
        return dict(self.schemas[patches[0]]["properties"]) if patches else {}


@pytest.mark.parametrize("operation", ["edit_article", "edit_medium", "edit_tag", "edit_contributor"])
async def test_each_field_is_taken_as_it_is_described(
    client: httpx.AsyncClient, people: People, operation: str
) -> None:
    newsroom = Newsroom(client, await people.headers("admin", "partner"))
    form = (await forms(newsroom))[operation]
    document = (await client.get("/openapi.json")).json()
    patching = Patching(newsroom, form, document)
    whole = {name: value for name, value in form.body.items() if name != "slug"}
    assert set(form.body) <= set(patching.schema["properties"])
    tried = 0
    for name, value in whole.items():
        patches: list[Json] = [{}, {name: None}, {name: {"never": 1}}]
        patches += [{name: {inner: None}} for inner in patching.inner(name)]
        patches += [{name: {inner: value[inner]}} for inner in value] if patching.inner(name) else []
        for patch in patches:
            assert (await patching.send(whole)).status_code == 200
            fits = patching.validator.is_valid(patch)
            answer = await patching.send(patch)
            assert (answer.status_code == 200) == fits or crosses(answer), (patch, answer.text)
            assert answer.status_code in {200, 422}
            tried += 1
    assert tried >= 3 * len(whole)
    assert (await patching.send({"never": 1})).status_code == 422


def crosses(answer: httpx.Response) -> bool:
    """Whether a rule over several fields refused, which no schema of one field can tell."""
    told = [flaw["detail"] for flaw in answer.json().get("errors", [])]
    rules = ("It takes exactly one of", "Only an article for subscribers", "Only a list item")
    return bool(told) and all(one.startswith(rules) for one in told)

"""Holds real answers against the contract: no status, field, type or header that it doesn't name."""

import json
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from httpx import Request, Response
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from api.problems import MEDIA_TYPE
from tests.newsroom import Json

LINES = ("application/x-ndjson", "application/jsonl")


class Unlike(AssertionError):
    """An answer is not what the contract says."""


def operation_at(document: Json, request: Request) -> tuple[str, Json]:
    """Return the one operation that a request is for, with its path."""
    found = []
    for path, methods in document["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.url.path) and request.method.lower() in methods:
            found.append((path, dict(methods[request.method.lower()])))
    if len(found) != 1:
        raise Unlike(f"{request.method} {request.url.path} is {len(found)} operations")
    return found[0]


@dataclass
class Checker:
    """Checks every answer of a client that has it as a hook, and remembers what it has seen."""

    document: Json
    seen: set[tuple[str, int]] = field(default_factory=set)
    problems: dict[str, list[AbstractSet[str]]] = field(default_factory=dict)
    count: int = 0

    async def __call__(self, response: Response) -> None:
        await response.aread()
        self.check(response.request, response)

    def check(self, request: Request, response: Response) -> None:
        _, operation = operation_at(self.document, request)
        declared = operation["responses"].get(str(response.status_code))
        where = f"{request.method} {request.url.path}: {response.status_code}"
        if declared is None:
            raise Unlike(f"{where} is not declared. {response.text}")
        self._check_headers(where, declared, response)
        self._check_body(where, declared.get("content", {}), response.headers, response.content)
        is_form = "boundary" in request.headers.get("content-type", "")
        if response.is_success and not is_form and request.content:
            content = operation["requestBody"]["content"]
            self._check_body(where, content, request.headers, _accepted(request, response))
        if response.headers.get("content-type") == MEDIA_TYPE:
            self.problems.setdefault(response.json()["type"], []).append(response.json().keys())
        self.seen.add((operation["operationId"], response.status_code))
        self.count += 1

    def _check_headers(self, where: str, declared: Json, response: Response) -> None:
        for name, reference in declared.get("headers", {}).items():
            header = self.document["components"]["headers"][reference["$ref"].rpartition("/")[2]]
            if header["required"] and name not in response.headers:
                raise Unlike(f"{where} has no {name}")
        told = {name.lower() for name in declared.get("headers", {})}
        for name in {"etag", "link", "location", "retry-after", "www-authenticate", "content-range"} - told:
            if name in response.headers:
                raise Unlike(f"{where} has a {name} that is not declared")

    def _check_body(self, where: str, content: Json, headers: Any, body: bytes) -> None:
        if not content:
            if body:
                raise Unlike(f"{where} has a body that is not declared")
            return
        kind = headers.get("content-type", "").partition(";")[0]
        declared = content.get(kind) or content.get(f"{kind.partition('/')[0]}/*")
        if declared is None:
            raise Unlike(f"{where} is {kind}, which is not declared")
        if kind.endswith(("json", "jsonl")):
            schema = {**declared["schema"], "components": self.document["components"]}
            validator = OAS31Validator(schema, format_checker=oas31_format_checker)
            for text in body.splitlines() if kind in LINES else [body]:
                flaws = [f"{flaw.json_path}: {flaw.message}" for flaw in validator.iter_errors(json.loads(text))]
                if flaws:
                    raise Unlike(f"{where}: {flaws}")


def _accepted(request: Request, response: Response) -> bytes:
    """What a request sent and had accepted: of a bulk, the rows that were done."""
    if request.headers["content-type"].partition(";")[0] not in LINES:
        return request.content
    rows, results = request.content.split(b"\n"), map(json.loads, response.text.splitlines())
    return b"\n".join(rows[result["row"] - 1] for result in results if "problem" not in result)

"""Examples of the contract: what a small real newsroom was sent and answered, one file an operation.

They are made by `make examples`, from the requests in tests/contract/example_newsroom.py.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from api.problem_examples import EXAMPLES

_HERE = Path(__file__).parent


def attach(contract: dict[str, Any]) -> None:
    """Put the examples into their places in a contract."""
    contract["components"]["examples"] = {
        name: {"summary": one.title, "value": one.model_dump(mode="json", exclude_none=True)}
        for name, one in EXAMPLES.items()
    }
    for methods in contract["paths"].values():
        for operation in methods.values():
            _attach_to(operation, kept(operation["operationId"]))


@cache
def kept(operation_id: str) -> Any:  # noqa: ANN401 - JSON
    """Return the examples of an operation; of one that has none yet, nothing."""
    file = _HERE / f"{operation_id}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def _attach_to(operation: dict[str, Any], told: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in told.get("parameters", {}):
            parameter["example"] = told["parameters"][parameter["name"]]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        _add(body, told.get("request", {}))
    for status, by_type in told.get("responses", {}).items():
        for kind, named in by_type.items():
            body = operation["responses"].get(status, {}).get("content", {}).get(kind)
            if body is not None:
                _add(body, named)


def _add(body: dict[str, Any], named: dict[str, Any]) -> None:
    if named:
        body["examples"] = {name: {"value": value} for name, value in named.items()}

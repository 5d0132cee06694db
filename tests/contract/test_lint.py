"""Both documents pass a public ruleset."""

import json

import pytest

from tests.clients import node
from tests.contract.test_contract import FOLDER

RULES = FOLDER / "redocly.yaml"
FILES = ("openapi.json", "delivery.json")


def lint(*arguments: object) -> str:
    node.install()
    return node.run("redocly", "lint", f"--config={RULES}", "--format=json", *map(str, arguments))


@pytest.fixture(autouse=True)
def _tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDOCLY_TELEMETRY", "off")
    monkeypatch.setenv("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")


@pytest.mark.parametrize("name", FILES)
def test_it_passes_the_public_ruleset(name: str) -> None:
    found = json.loads(lint(FOLDER / name))
    assert found["problems"] == []
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}

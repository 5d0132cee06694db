"""The parts that a contract's operations refer to, and leaving out those that none does."""

from collections.abc import Iterator
from typing import Any

SCHEMAS = "#/components/schemas/"


def nodes(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield every object of a document."""
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for inner in list(node.values() if isinstance(node, dict) else node):
            yield from nodes(inner)


def pruned(contract: dict[str, Any]) -> dict[str, Any]:
    """Return a contract without the components that nothing in it leads to."""
    components, found = contract["components"], set[str]()
    waiting: list[Any] = [contract["paths"]]
    while waiting:
        for node in nodes(waiting.pop()):
            for ref in _references(node) - found:
                found.add(ref)
                _, _, kind, name = ref.split("/")
                waiting.append(components[kind][name])
    used = {
        kind: {name: one for name, one in named.items() if f"#/components/{kind}/{name}" in found}
        for kind, named in components.items()
        if kind != "securitySchemes"  # operations name these, and refer to none
    }
    kept = {kind: named for kind, named in used.items() if named}
    return {**contract, "components": {**kept, "securitySchemes": components["securitySchemes"]}}


def _references(node: dict[str, Any]) -> set[str]:
    mapping = node.get("discriminator", {})
    named = [node.get("$ref"), *(mapping.get("mapping", {}).values() if isinstance(mapping, dict) else ())]
    return {one for one in named if isinstance(one, str) and one.startswith("#/components/")}

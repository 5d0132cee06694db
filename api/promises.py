"""What a change of the contract breaks for those who program against it.

A client may go on sending what it sent: requests may only be taken more widely. And it understands what it
understood: answers may only be told more narrowly, or with more fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"
_LEAST = ("minimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "maxLength", "maxItems", "maxProperties")
_SAID = frozenset({"description", "summary", "example", "examples", "title", "default"})


def breaking(old: Json, new: Json) -> list[str]:
    """Return what of an old contract a new one breaks, each in a sentence of its own."""
    comparison = _Comparison(old, new)
    found = [*_names_gone(old, new), *comparison.operations()]
    return sorted(dict.fromkeys(found))


UNRELEASED = "## Unreleased\n"
_LINE = "- Breaking: "


def disagreements(changelog: str, items: list[str]) -> list[str]:
    """Return the lines that a changelog's unreleased part lacks, and those that tell of nothing that breaks."""
    part = changelog.partition(UNRELEASED)[2].partition("\n## ")[0]
    named = {line.removeprefix(_LINE) for line in part.splitlines() if line.startswith(_LINE)}
    lacking = [f"add     {_LINE}{item}" for item in items if item not in named]
    return lacking + [f"remove  {_LINE}{item}" for item in sorted(named - set(items))]


def released(changelog: str, version: str, day: str) -> str:
    """Return a changelog whose unreleased part is that of a version."""
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n## {version} – {day}\n", 1)


def slim(node: Any, *, are_names: bool = False) -> Any:  # noqa: ANN401 - JSON
    """Return a contract without its words and examples: what `breaking` looks at, to be kept for comparison."""
    if isinstance(node, list):
        return [slim(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        name: slim(inner, are_names=name in {"properties", "schemas", "headers"} and not are_names)
        for name, inner in node.items()
        if are_names or name not in _SAID
    }


def _names_gone(old: Json, new: Json) -> Iterator[str]:
    for name in old["components"]["schemas"].keys() - new["components"]["schemas"].keys():
        yield f"schema `{name}` is gone"


@dataclass
class _Comparison:
    old: Json
    new: Json
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def operations(self) -> Iterator[str]:
        for path, methods in self.old["paths"].items():
            for method, old in methods.items():
                where = f"`{method.upper()} {path}`"
                new = self.new["paths"].get(path, {}).get(method)
                if new is None:
                    yield f"{where} is gone"
                    continue
                if old["operationId"] != new["operationId"]:
                    yield f"{where}: `{old['operationId']}` is called `{new['operationId']}` now"
                yield from self._security(where, old, new)
                yield from self._parameters(where, old, new)
                yield from self._request(where, old.get("requestBody", {}), new.get("requestBody", {}))
                yield from self._answers(where, old["responses"], new["responses"])

    def _security(self, where: str, old: Json, new: Json) -> Iterator[str]:
        for way in old.get("security") or [{}]:
            if way not in (new.get("security") or [{}]):
                how = f"with {next(iter(way))}" if way else "without a token"
                yield f"{where} cannot be called {how} any more"

    def _parameters(self, where: str, old: Json, new: Json) -> Iterator[str]:
        before, after = (
            {(one["in"], one["name"]): one for one in each.get("parameters", ())} for each in (old, new)
        )
        for place, name in before.keys() - after.keys():
            yield f"{where}: {place} parameter `{name}` is gone"
        for (place, name), now in after.items():
            was = before.get((place, name), {})
            at = f"{where}: {place} parameter `{name}`"
            if now.get("required") and not was.get("required"):
                yield f"{at} is required now"
            if was:
                yield from self._schemas(at, was["schema"], now["schema"], sent=True)

    def _request(self, where: str, old: Json, new: Json) -> Iterator[str]:
        if new.get("required") and not old.get("required"):
            yield f"{where}: a body is required now"
        for kind, body in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{where}: a body cannot be sent as {kind} any more"
            else:
                yield from self._schemas(
                    f"{where}: the body", body["schema"], new["content"][kind]["schema"], sent=True
                )

    def _answers(self, where: str, old: Json, new: Json) -> Iterator[str]:
        for status, was in old.items():
            if status not in new:
                if status < "4":
                    yield f"{where} does not answer {status} any more"
                continue
            now, at = new[status], f"{where}: {status}"
            for name in self._sure_headers(was, self.old) - self._sure_headers(now, self.new):
                yield f"{at} does not always have the header `{name}` any more"
            for kind, body in was.get("content", {}).items():
                if kind not in now.get("content", {}):
                    yield f"{at} is not {kind} any more"
                else:
                    yield from self._schemas(
                        f"{at}'s body", body["schema"], now["content"][kind]["schema"], sent=False
                    )

    @staticmethod
    def _sure_headers(response: Json, document: Json) -> set[str]:
        known = document["components"].get("headers", {})
        named = response.get("headers", {})
        return {name for name, ref in named.items() if known[ref["$ref"].rpartition("/")[2]].get("required")}

    def _schemas(self, where: str, old: Json, new: Json, *, sent: bool) -> Iterator[str]:
        """Compare what may stand at one place: alternatives by their names, and what is left of each side."""
        before, after = _options(old, self.old), _options(new, self.new)
        gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
        if len(gone) == len(come) == 1:
            yield from self._pair(where, (gone[0], before[gone[0]]), (come[0], after[come[0]]), sent=sent)
        elif sent:
            yield from (f"{where} cannot be `{name}` any more" for name in gone)
        else:
            yield from (f"{where} can be `{name}` now" for name in come)
        for name in before.keys() & after.keys():
            yield from self._pair(where, (name, before[name]), (name, after[name]), sent=sent)

    def _pair(self, where: str, old: tuple[str, Json], new: tuple[str, Json], *, sent: bool) -> Iterator[str]:
        """Compare two schemas; what has a name is compared once, and told of by that name."""
        if old[0] in self.old["components"]["schemas"] and new[0] in self.new["components"]["schemas"]:
            if (old[0], new[0], sent) in self.seen:
                return
            self.seen.add((old[0], new[0], sent))
            where = f"`{new[0]}`, {'sent' if sent else 'answered'}"
        one = _Pair(where, old[1], new[1], sent=sent)
        yield from one.itself()
        for name, was, now in one.inner():
            yield from self._schemas(f"{where}, `{name}`" if name else f"{where}, each", was, now, sent=sent)


def _options(schema: Json, document: Json) -> dict[str, Json]:
    """Return the alternatives of a schema: those with a name by it, others by their types."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        target = document["components"]["schemas"][name]
        return _options(target, document) if {"anyOf", "oneOf"} & target.keys() else {name: target}
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return {name: one for option in schema[union] for name, one in _options(option, document).items()}
    return {str(schema.get("type", "anything")): schema}


@dataclass(frozen=True)
class _Pair:
    """Two schemas of one thing."""

    where: str
    old: Json
    new: Json
    sent: bool

    def itself(self) -> Iterator[str]:
        old, new = self.old, self.new
        if old.get("type") != new.get("type") and not self._is_wider():
            yield f"{self.where} is {new.get('type', 'anything')} now"
        yield from self._values()
        if new.get("format") != old.get("format") and (new if self.sent else old).get("format"):
            yield f"{self.where} has the format {new.get('format')} now"
        if self.sent:
            yield from self._bounds()
            if old.get("additionalProperties") is not False and new.get("additionalProperties") is False:
                yield f"{self.where} takes no other properties any more"
        yield from self._properties()

    def _is_wider(self) -> bool:
        """Whether requests may be of more types than before, or answers of fewer."""
        narrow, wide = (self.old.get("type"), self.new.get("type"))[:: 1 if self.sent else -1]
        return wide is None or (narrow, wide) == ("integer", "number")

    def _values(self) -> Iterator[str]:
        was, now = (_values_of(one) for one in (self.old, self.new))
        if self.sent and now is not None:
            yield from (f"{self.where} cannot be {one} any more" for one in sorted((was or {"any other"}) - now))
        if not self.sent and was is not None:
            yield from (f"{self.where} can be {one} now" for one in sorted((now or {"any other"}) - was))

    def _bounds(self) -> Iterator[str]:
        for name in _LEAST:
            if name in self.new and self.new[name] > self.old.get(name, float("-inf")):
                yield f"{self.where} has a {name} of {self.new[name]} now"
        for name in _MOST:
            if name in self.new and self.new[name] < self.old.get(name, float("inf")):
                yield f"{self.where} has a {name} of {self.new[name]} now"
        if "pattern" in self.new and self.new["pattern"] != self.old.get("pattern"):
            yield f"{self.where} has another pattern now"

    def _properties(self) -> Iterator[str]:
        was, now = (one.get("properties", {}) for one in (self.old, self.new))
        for name in was.keys() - now.keys():
            if not self.sent or self.new.get("additionalProperties") is False:
                yield f"{self.where}: property `{name}` is gone"
        needed = [set(one.get("required", ())) for one in (self.old, self.new)]
        if self.sent:
            yield from (f"{self.where}: property `{name}` is required now" for name in needed[1] - needed[0])
        else:
            still = (needed[0] - needed[1]) & now.keys()
            yield from (f"{self.where}: property `{name}` may be left out now" for name in still)

    def inner(self) -> Iterator[tuple[str, Json, Json]]:
        """Yield what both have inside: by name, or with none what each of many is."""
        was, now = (one.get("properties", {}) for one in (self.old, self.new))
        yield from ((name, was[name], now[name]) for name in was.keys() & now.keys())
        for name in ("items", "additionalProperties"):
            if isinstance(self.old.get(name), dict) and isinstance(self.new.get(name), dict):
                yield "", self.old[name], self.new[name]
        before, after = (list(one.get("patternProperties", {}).values()) for one in (self.old, self.new))
        if len(before) == len(after) == 1:
            yield "", before[0], after[0]


def _values_of(schema: Json) -> set[str] | None:
    """Return the values that a schema lists, as they are written, or nothing if it lists none."""
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(one) for one in schema["enum"]} if "enum" in schema else None

"""The header fields of answers, as the contract describes them."""

from typing import Any

_HEADERS = {
    "Cache-Control": "Who may keep the answer, and how long",
    "Content-Range": "Which bytes these are, of how many (RFC 9110, section 14.4)",
    "Idempotency-Replayed": "`true` where the answer is the one that was kept for the request's `Idempotency-Key`",
    "ETag": "Strong entity tag of exactly what is shown; goes into `If-None-Match`",
    "Link": 'The next page, as `rel="next"`; on every page but the last',
    "Location": "Address of what was made, or of where it is now",
    "RateLimit": 'What is left of that, and for how many seconds, such as `"reading";r=2999;t=42`',
    "RateLimit-Policy": 'How much is given (`q`) in how many seconds (`w`), such as `"reading";q=3000;w=60`',
    "Retry-After": "Seconds to wait before trying again",
    "Retry-Later": "Seconds to wait before trying again, where that helps (a field named `Retry-After`)",
    "Surrogate-Key": "Names of what is shown, for shared caches that drop by key; on what everybody may keep",
    "Vary": "Request headers that the answer depends on",
    "Version": 'The version, such as `"7"`; goes into `If-Match` (a field named `ETag`)',
    "WWW-Authenticate": "How to sign in (RFC 6750, section 3; a client: RFC 7617)",
}
_ALWAYS_SENT = frozenset(_HEADERS) - {"Idempotency-Replayed", "Link", "Retry-Later", "Surrogate-Key"}
OF_STATUS = {
    "201": ("Location",),
    "308": ("Location",),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After", "RateLimit", "RateLimit-Policy"),
    "503": ("Retry-After",),
}


def described() -> dict[str, Any]:
    """Return the components of all header fields."""
    return {name: _header(name) for name in sorted(_HEADERS)}


def _header(name: str) -> dict[str, Any]:
    return {
        "description": _HEADERS[name],
        "required": name in _ALWAYS_SENT,
        "schema": {"type": "integer" if name.startswith("Retry-") else "string"},
    }


def add(response: dict[str, Any], name: str, *, like: str | None = None) -> None:
    """Declare that an answer has a field, or one that is described under another name."""
    response.setdefault("headers", {})[name] = {"$ref": f"#/components/headers/{like or name}"}

"""Pages of lists: sealed cursors, bound to their list, and the link to the next page (RFC 8288)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import Request

from api.links import Links
from api.parts import Visit


def _bound_to(request: Request, visit: Visit, asked: Mapping[str, object]) -> str:
    """Return what a cursor is good for: this list, these filters, and callers with the same rights."""
    person, licence = visit.person, visit.person.licence
    rights = [*sorted(person.roles), "with", *sorted(person.plans), "for", *sorted(person.opens)]
    rights += ["under", licence.id, str(licence.version)] if licence else []
    return json.dumps([request.url.path, sorted((name, str(value)) for name, value in asked.items()), rights])


def open_cursor(request: Request, visit: Visit, cursor: str | None, asked: Mapping[str, object]) -> str | None:
    """Return the place that a cursor stands for, or refuse one that is not of this list."""
    if cursor is None:
        return None
    return visit.parts.seals.open_cursor(cursor, bound_to=_bound_to(request, visit, asked))


def seal_cursor(request: Request, visit: Visit, place: str, asked: Mapping[str, object]) -> str:
    """Return a cursor for a place in this list."""
    return visit.parts.seals.seal_cursor(place, bound_to=_bound_to(request, visit, asked))


def place_of(key: datetime | str, id_: str) -> str:
    """Return the place of an item in a list that is ordered by a time or a text, and by id."""
    return f"{key.astimezone(UTC).isoformat() if isinstance(key, datetime) else key} {id_}"


def time_and_id(place: str | None) -> tuple[datetime, str] | None:
    """Return what `place_of` put together of a time and an id."""
    if place is None:
        return None
    at, _, id_ = place.partition(" ")
    return datetime.fromisoformat(at), id_


def next_link(request: Request, visit: Visit, cursor: str | None, *, but: str = "") -> Mapping[str, str]:
    """Return the `Link` field of a page that is not the last, with all that was asked but one parameter."""
    if cursor is None:
        return {}
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in {"cursor", but}]
    path = f"{request.url.path}?{urlencode([*asked, ('cursor', cursor)])}"
    return {"Link": f'<{Links(visit).to(path)}>; rel="next"'}

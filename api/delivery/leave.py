"""What lets one request read one article besides who asks: a licence, a gift, or a meter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import Request

from api.caching import HEAD, nobody_waits
from api.middleware import log_failure
from api.parts import Visit
from domain.access import Leave
from infra import delivery, gifts, ledger, meters
from infra.db import DatabaseBusy
from infra.delivery import Found
from infra.ledger import Taken

_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_IN_ADVANCE = ("prefetch", "prerender", "preview")


@dataclass(frozen=True, slots=True)
class Admitted:
    """An article as it stands when it is known what lets the request in; `is_metered` if a meter has a say."""

    visit: Visit
    """The request, at a later moment if something had to be written."""
    found: Found
    leave: Leave
    is_metered: bool = False


async def admit(request: Request, visit: Visit, found: Found, gift: str | None) -> Admitted:
    """Find out what lets a request read an article, and write down what it takes before it gets any text."""
    taken = await take(visit, [found], now=visit.now, is_read=is_read(request))
    leave = taken.leave(found.publication.article_id)
    leave = replace(leave, is_gift=await _is_given(visit, found, gift))
    metered = await _look(visit, found, leave)
    if metered is None:
        return Admitted(visit, found, leave)
    nobody_waits(request)
    if metered.is_taken or (metered.meter and metered.meter.is_exhausted) or not is_read(request):
        return Admitted(visit, found, metered, is_metered=True)
    return await _take(request, visit, found, metered)


async def _take(request: Request, visit: Visit, found: Found, leave: Leave) -> Admitted:
    """Debit the reader's meter, and look at the article anew: somebody may have been waited for meanwhile."""
    parts, person, article_id = visit.parts, visit.person, found.publication.article_id
    try:
        person, leave = await meters.debit(
            visit.reading, parts.database, parts.settings.metering, person, article_id, clock=parts.sources.now
        )
    except DatabaseBusy as error:  # who cannot be counted gets the teaser
        log_failure(request.scope["standfirst"]["request_id"], error)
    later = replace(visit, person=person, now=parts.sources.now())
    found = await delivery.find(
        visit.reading, article_id, is_id=True, language=None, default_language="", now=later.now
    )
    return Admitted(later, found, leave, is_metered=True)


async def take(visit: Visit, found: Sequence[Found], *, now: datetime, is_read: bool) -> Taken:
    """Write down what of this a partner takes by this request, and return what it may be given whole."""
    database, clock = visit.parts.database, visit.parts.sources.now
    return await ledger.take(visit.reading, database, visit.person, found, now=now, clock=clock, is_read=is_read)


async def foresee(visit: Visit, found: Found, gift: str | None) -> Leave:
    """Return what would let a caller read an article, and take nothing."""
    article_id = found.publication.article_id
    open_to = await ledger.open_to(visit.reading, visit.person, [article_id])
    leave = Leave(article_id in open_to, visit.person.quota, is_gift=await _is_given(visit, found, gift))
    return await _look(visit, found, leave) or leave


async def _is_given(visit: Visit, found: Found, gift: str | None) -> bool:
    return await gifts.opens(visit.reading, gift, found.publication.article_id, now=visit.now)


async def _look(visit: Visit, found: Found, leave: Leave) -> Leave | None:
    return await meters.look(
        visit.reading, visit.parts.settings.metering, visit.person, found, leave, now=visit.now
    )


def is_read(request: Request) -> bool:
    """Tell whether somebody wants to read it now: a `GET`, and none that a browser sends in advance."""
    said = ",".join(value for name in _PURPOSES for value in request.headers.getlist(name)).lower()
    return not request.scope.get(HEAD) and not any(word in said for word in _IN_ADVANCE)

"""The part of the contract that is for readers: what front ends, apps and partners need, and no more."""

from copy import deepcopy
from typing import Any

from api.components import pruned
from api.problems import NEWSROOM_MEMBERS

DESCRIPTION = """\
What front ends, apps and partners read from Standfirst, a headless CMS backend for journalism behind a paywall.

Whoever may not read an article whole gets its teaser, and `access` says why and what would open it. Sign in with
`POST /v1/auth/token` and send the access token as `Authorization: Bearer …`.

Every failure is a problem document (RFC 9457) whose `type` is the address of an explanation. `HEAD` and `OPTIONS`
work wherever `GET` does. `x-rate-limit` names the limits that an operation is counted by, for the account or the
client that calls, and without a token for its network; answers that nobody else is given tell `RateLimit-Policy`
and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11).
"""
_FOR_STAFF = ("/v1/editorial/", "/v1/admin/")


def readers_part(whole: dict[str, Any]) -> dict[str, Any]:
    """Return a contract without what is for staff: neither operations nor schemas nor words of theirs."""
    part = deepcopy(whole)
    part["info"]["title"] += " – Delivery"
    part["info"]["description"] = DESCRIPTION
    part["paths"] = {
        path: methods for path, methods in part["paths"].items() if not f"{path}/".startswith(_FOR_STAFF)
    }
    for name in NEWSROOM_MEMBERS:
        del part["components"]["schemas"]["Problem"]["properties"][name]
    used = {
        tag for methods in part["paths"].values() for operation in methods.values() for tag in operation["tags"]
    }
    part["tags"] = [tag for tag in part["tags"] if tag["name"] in used]
    return pruned(part)

"""Everything that is kept of somebody, for themselves (GDPR, articles 15 and 20)."""

from typing import Any

from fastapi import APIRouter, Response

from api.accounts import schemas
from api.deps import VisitOf
from api.editorial.replies import plain
from api.problems import declared
from api.routing import Route, needs
from domain.errors import Unidentified
from domain.permissions import Permission
from infra import belongings

router = APIRouter(prefix="/v1", tags=["Accounts"], route_class=Route)


@router.get(
    "/me/export",
    summary="Export what is kept of you",
    operation_id="export_me",
    response_model=schemas.Export,
    responses=declared("bad-request", "unauthorized", "forbidden", "unavailable"),
    openapi_extra=needs(Permission.USE_OWN_ACCOUNT),
)
async def export_me(visit: VisitOf) -> Response:
    """Answer one document with your account and all that hangs on it, from one moment."""
    told = await belongings.told(visit.reading, visit.person.account_id or "")
    account: dict[str, Any] | None = next(iter(told.pop("accounts")), None)
    if account is None:
        raise Unidentified("The access token is not one of ours.", presented=True)
    account["email"] = account["email"] if account["email"] != account["id"] else None
    account["roles"] = sorted(account["roles"].split())
    shown = schemas.Export.model_validate({"exported_at": visit.now, "account": account, **told})
    return plain(shown, headers={"Content-Disposition": 'attachment; filename="account.json"'})

"""Partners' word that they have removed what is gone."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from api.admin.replies import BODY, LIST
from api.deps import VisitOf
from api.editorial.replies import plain
from api.routing import Route, needs
from api.types import Id, KnownId, Model
from domain.permissions import Permission
from infra import ledger, moments

router = APIRouter(prefix="/v1/sync", tags=["Partners"], route_class=Route)


class AcknowledgementForm(Model):
    """Articles that the partner has removed."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=100)]


class Acknowledgement(Model):
    """The articles that this was written down of."""

    acknowledged: list[KnownId]
    """Those of them that the partner had taken and that are gone. Any other was left as it was."""


@router.post(
    "/acknowledgements",
    summary="Acknowledge what is gone",
    operation_id="acknowledge_removals",
    response_model=Acknowledgement,
    responses={**LIST, **BODY},
    openapi_extra=needs(Permission.ACKNOWLEDGE),
)
async def acknowledge_removals(form: AcknowledgementForm, visit: VisitOf) -> Response:
    """Say that articles which `/v1/sync` told as deleted were removed. The publisher sees it in your ledger.

    It may be said again. Where an article comes back and goes again, that has to be acknowledged anew.
    """
    parts = visit.parts
    async with parts.database.read() as snapshot:  # what time has taken has a number before it is acknowledged
        now = await moments.announced(snapshot, parts.database, parts.sources.now)
    async with visit.writing() as connection:
        ids = await ledger.acknowledge(connection, visit.person.account_id or "", sorted(set(form.ids)), now=now)
        return await visit.answer(connection, plain(Acknowledgement(acknowledged=ids)))

"""A new password for whoever has forgotten theirs and gets the letters of the account's address."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Discriminator, Tag

from api.accounts.letters import address_of, post, use
from api.accounts.schemas import LetterSent, NewPasswordForm, ResetRequest
from api.accounts.signing_up import SENT, USE
from api.caching import NO_STORE
from api.deps import VisitOf
from api.editorial.replies import plain
from api.limiting import limited
from api.parts import Visit
from api.routing import AnonymousRoute
from domain.errors import LinkRefused
from domain.letters import RESET_FOR, Kind
from domain.limits import Work
from infra import accounts, sessions
from infra.account_links import NewPassword, opened, standing

router = APIRouter(prefix="/v1/accounts", tags=["Accounts"], route_class=AnonymousRoute)


def _which(body: object) -> str:
    """Tell the two forms apart, so that what is wrong is told of the one that was meant."""
    return "new" if isinstance(body, NewPasswordForm) or (isinstance(body, dict) and "token" in body) else "ask"


ResetForm = Annotated[
    Annotated[ResetRequest, Tag("ask")] | Annotated[NewPasswordForm, Tag("new")], Discriminator(_which)
]


@router.post(
    "/reset",
    status_code=202,
    summary="Reset a password",
    operation_id="reset_password",
    openapi_extra=limited(Work.SIGN_IN),
    response_model=LetterSent,
    responses={204: {"description": "The password is the new one"}, **USE},
)
async def reset_password(form: ResetForm, visit: VisitOf) -> Response:
    """Send a letter with a link to an address (`202`), or with the link's token set the new password (`204`).

    A link is good for an hour and for one use, and not any more once the password or the address is another. A new
    password ends all sessions. Whether there is an account with the address, the answer does not tell.
    """
    if isinstance(form, NewPasswordForm):
        return await _set(form, visit)
    return await _ask(form, visit)


async def _ask(form: ResetRequest, visit: Visit) -> Response:
    link_id = visit.parts.sources.new_id()
    async with visit.writing() as connection:
        found = await accounts.find_to_sign_in(connection, form.email)
        account_id, stands = (found[0].id, standing(found[0].email, found[1])) if found else ("", "")
        address = address_of(visit, NewPassword(link_id, account_id, stands, visit.now + RESET_FOR))
        await post(
            visit,
            connection,
            Kind.RESET_PASSWORD if found else Kind.NO_ACCOUNT,
            found[0].email if found else form.email,
            language=found[0].language if found else None,
            link=address,
            lasts=RESET_FOR,
        )
    visit.parts.postman.hurry()
    return plain(SENT, status=202)


async def _set(form: NewPasswordForm, visit: Visit) -> Response:
    link = opened(visit.parts.seals, NewPassword, form.token, now=visit.now)
    if link is None:
        raise LinkRefused
    hashed = await visit.parts.passwords.hash(form.password)
    async with visit.writing() as connection:
        held = await accounts.hold(connection, link.account_id, now=visit.now)
        if held is None or standing(held[0].email, held[1]) != link.standing:
            raise LinkRefused
        await use(visit, connection, link, "reset-password")
        await accounts.change(connection, link.account_id, password_hash=hashed)
        await sessions.end_all(connection, link.account_id)
        await post(visit, connection, Kind.PASSWORD_CHANGED, held[0].email, language=held[0].language)
    visit.parts.postman.hurry()
    return Response(status_code=204, headers=NO_STORE)

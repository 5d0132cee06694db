"""Signing up: an account is there once the link in a letter to its address was used, and not before."""

from fastapi import APIRouter, Response

from api.accounts.letters import address_of, post, use
from api.accounts.schemas import ConfirmationForm, Confirmed, LetterSent, SignUpForm
from api.deps import VisitOf
from api.editorial.replies import plain
from api.limiting import limited
from api.parts import Visit
from api.problems import declared
from api.routing import AnonymousRoute
from domain.errors import Conflict, Flaw, LinkRefused, Unfit
from domain.letters import CONFIRM_FOR, Kind
from domain.limits import Work
from domain.people import Account, Role
from infra import accounts
from infra.account_links import NewAccount, NewEmail, opened, standing
from infra.db import Connection, savepoint

router = APIRouter(prefix="/v1/accounts", tags=["Accounts"], route_class=AnonymousRoute)

SENT = LetterSent(message="A letter is on its way to this address. It says how to go on.")
_OPEN = ("bad-request", "unauthorized", "too-large", "unsupported-media-type", "unprocessable", "unavailable")
ASK = declared(*_OPEN)
USE = declared(*_OPEN, "link-refused")


@router.post(
    "",
    status_code=202,
    summary="Sign up",
    operation_id="sign_up",
    openapi_extra=limited(Work.SIGN_IN),
    response_model=LetterSent,
    responses=ASK,
)
async def sign_up(form: SignUpForm, visit: VisitOf) -> Response:
    """Send a letter to the address, with a link that makes the account; good for a day.

    The answer is the same if there is an account already. Then the letter says so, and nothing is changed.
    """
    link = NewAccount(
        id=visit.parts.sources.new_id(),
        account_id=visit.parts.sources.new_id(),
        email=form.email,
        name=form.name,
        language=form.language,
        password_hash=await visit.parts.passwords.hash(form.password),
        expires_at=visit.now + CONFIRM_FOR,
    )
    address = address_of(visit, link)
    async with visit.writing() as connection:
        if found := await accounts.find_to_sign_in(connection, form.email):
            language = found[0].language or form.language
            await post(visit, connection, Kind.HAS_ACCOUNT, found[0].email, language=language)
        else:
            await post(
                visit,
                connection,
                Kind.CONFIRM_ACCOUNT,
                form.email,
                language=form.language,
                link=address,
                lasts=CONFIRM_FOR,
            )
    visit.parts.postman.hurry()
    return plain(SENT, status=202)


@router.post(
    "/confirm",
    summary="Confirm an e-mail address",
    operation_id="confirm_email",
    openapi_extra=limited(Work.SIGN_IN),
    response_model=Confirmed,
    responses=USE,
)
async def confirm_email(form: ConfirmationForm, visit: VisitOf) -> Response:
    """Use the link of a letter, once: it makes the account that was signed up for, or changes an address.

    For a new account send the password that you signed up with, so that nobody else's sign-up for your address
    becomes your account. Whatever is wrong with the token, the answer is the same.
    """
    seals, now = visit.parts.seals, visit.now
    made = opened(seals, NewAccount, form.token, now=now)
    moved = opened(seals, NewEmail, form.token, now=now) if made is None else None
    link = made or moved
    if link is None:
        raise LinkRefused
    if made is not None:
        await _check_password(visit, form, made)
    async with visit.writing() as connection:
        try:
            await (
                _make(visit, connection, link) if isinstance(link, NewAccount) else _move(visit, connection, link)
            )
        except Conflict:  # somebody has the address by now
            raise LinkRefused from None
    return plain(Confirmed(email=link.email))


async def _check_password(visit: Visit, form: ConfirmationForm, link: NewAccount) -> None:
    if form.password is None:
        raise Unfit(Flaw("/password", "Send the password that you signed up with."))
    if not await visit.parts.passwords.verify(form.password, link.password_hash):
        raise Unfit(Flaw("/password", "It is not the password that this link's sign-up was sent with."))


async def _make(visit: Visit, connection: Connection, link: NewAccount) -> None:
    await use(visit, connection, link, "sign-up")
    account = Account(
        link.account_id, link.email, link.name, frozenset({Role.READER}), frozenset(), language=link.language
    )
    async with savepoint(connection):
        await accounts.add(connection, account, password_hash=link.password_hash, now=visit.now)


async def _move(visit: Visit, connection: Connection, link: NewEmail) -> None:
    held = await accounts.hold(connection, link.account_id, now=visit.now)
    if held is None or standing(held[0].email, held[1]) != link.standing:
        raise LinkRefused
    await use(visit, connection, link, "change-email")
    async with savepoint(connection):
        await accounts.change(connection, link.account_id, email=link.email)

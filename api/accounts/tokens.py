"""Signing in and out: OAuth 2's token endpoint (RFC 6749) and revocation (RFC 7009)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import JsonValue

from api.accounts.client_tokens import grant_to_client, refuse_basic
from api.accounts.granting import TokenAnswer, granted
from api.accounts.trying import try_password
from api.deps import VisitOf
from api.limiting import count, limited
from api.parts import Visit
from api.problems import declared
from api.routing import OR_BASIC, AnonymousRoute
from domain.errors import GrantRefused, Unidentified
from domain.events import Event, Subject
from domain.limits import Work
from domain.people import Account, Person
from domain.sessions import RefreshToken, Session, Worth, worth
from infra import accounts, sessions
from infra.db import Connection
from infra.passwords import MAX_LENGTH, is_outdated
from infra.tokens import MAX_BYTES

router = APIRouter(prefix="/v1", tags=["Accounts"], route_class=AnonymousRoute)

MAX_CLIENT = 200
_WRONG = "The e-mail address or the password is wrong."
_ENDED = "The refresh token is not good (any more). Sign in again."
# Not `max_length`: FastAPI would answer 422, and RFC 6749 wants `invalid_request`.
_PROVED_FIRST = ("refresh_token", "client_credentials")  # nobody guesses one, so that others can be told from it
GRANTS: dict[str, JsonValue] = {"enum": ["password", "refresh_token", "client_credentials"]}
Field1K = Annotated[str, Form(json_schema_extra={"maxLength": MAX_LENGTH})]


@router.post(
    "/auth/token",
    summary="Get tokens",
    operation_id="get_token",
    response_model=TokenAnswer,
    responses=declared(
        "bad-request",
        "invalid-grant",
        "invalid-client",
        "unauthorized",
        "too-large",
        "unsupported-media-type",
        "unavailable",
    ),
    openapi_extra=OR_BASIC | limited(Work.WRITING, Work.SIGN_IN),
)
async def get_token(
    request: Request,
    visit: VisitOf,
    grant_type: Annotated[Field1K, Form(description="How you sign in", json_schema_extra=GRANTS)] = "",
    username: Annotated[Field1K, Form(description="E-mail address, for `password`")] = "",
    password: Annotated[Field1K, Form(description="For `password`")] = "",
    refresh_token: Annotated[Field1K, Form(description="For `refresh_token`")] = "",
    client_id: Annotated[Field1K, Form(description="For `client_credentials`, without basic authentication")] = "",
    client_secret: Annotated[Field1K, Form(description="For `client_credentials` too")] = "",
) -> Response:
    """Sign in with an e-mail address and a password, go on with a refresh token, or be a client (RFC 6749).

    Clients send their id and secret as basic authentication, each encoded as in a form, or in the body.

    All but good refresh tokens and good secrets of clients counts as signing in, for the network. Wrong passwords
    count for the e-mail address too: after too many, none is looked at for a while from where its owner is not
    known to be. Whoever has a session goes on; a new password by `POST /v1/accounts/reset` starts anew.
    """
    is_proved_first = grant_type in _PROVED_FIRST
    if not is_proved_first:
        await count(request, Work.SIGN_IN)
    try:
        await _check_form(request, grant_type, username, password, refresh_token, client_id, client_secret)
    except GrantRefused:
        if is_proved_first:
            await count(request, Work.SIGN_IN)
        raise
    if grant_type == "client_credentials":
        return await grant_to_client(request, visit, client_id=client_id, client_secret=client_secret)
    refuse_basic(request)
    if grant_type == "password":
        if not username or not password:
            raise GrantRefused("invalid_request", "Send `username` and `password`.")
        return await _sign_in(request, visit, username, password)
    if grant_type == "refresh_token":
        if not refresh_token:
            await count(request, Work.SIGN_IN)
            raise GrantRefused("invalid_request", "Send `refresh_token`.")
        return await _refresh(request, visit, refresh_token)
    error = "unsupported_grant_type" if grant_type else "invalid_request"
    raise GrantRefused(error, "`grant_type` must be `password`, `refresh_token` or `client_credentials`.")


@router.post(
    "/auth/revoke",
    summary="Sign out",
    operation_id="revoke_token",
    response_class=Response,
    responses=declared(
        "bad-request", "invalid-grant", "unauthorized", "too-large", "unsupported-media-type", "unavailable"
    ),
)
async def revoke_token(
    request: Request,
    visit: VisitOf,
    token: Annotated[
        str,
        Form(
            description="A refresh token or an access token",
            json_schema_extra={"minLength": 1, "maxLength": MAX_BYTES},
        ),
    ] = "",
    token_type_hint: Annotated[Field1K, Form(description="Which of the two; it is found out without")] = "",
) -> Response:
    """End the session that a token belongs to, with all of its tokens (RFC 7009). Unknown ones are fine too."""
    await _check_form(request, token_type_hint)
    _check_length(token, MAX_BYTES)
    if not token:
        raise GrantRefused("invalid_request", "Send `token`.")
    session_id = _session_of(visit, token)
    async with visit.writing() as connection:
        if session_id is None and (kept := await sessions.find(connection, token)):
            session_id = kept.session.id
        if session_id is not None:
            await sessions.end(connection, session_id)
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


def _session_of(visit: Visit, access_token: str) -> str | None:
    """Return the session that an access token of ours was given in, be it good for anything now or not."""
    if visit.parts.issuers.issuer_of(access_token) is not None:
        raise GrantRefused("unsupported_token_type", "This access token is another issuer's: end it there.")
    try:
        claims = visit.parts.tokens.read(access_token)
    except Unidentified:
        return None
    if claims.session_id is None or claims.is_client:
        raise GrantRefused("unsupported_token_type", "This access token belongs to no session; it ends by itself.")
    return claims.session_id


async def _check_form(request: Request, *values: str) -> None:
    """Refuse what RFC 6749 calls malformed: a parameter that stands there twice, or a value that none can be."""
    names = [name for name, _ in (await request.form()).multi_items()]
    if len(names) != len(set(names)):
        raise GrantRefused("invalid_request", "A parameter may stand there only once.")
    for value in values:
        _check_length(value, MAX_LENGTH)


def _check_length(value: str, most: int) -> None:
    if len(value) > most or "\x00" in value:
        raise GrantRefused("invalid_request", f"A parameter may have {most} characters, and no U+0000.")


async def _sign_in(request: Request, visit: Visit, email: str, password: str) -> Response:
    """Start a session for whoever knows an account's password."""
    account, verified = await _verified(request, visit, email, password)
    renewed = await visit.parts.passwords.hash(password) if is_outdated(verified) else None
    async with visit.writing() as connection:
        await _check_again(visit, connection, account, password, verified=verified, renewed=renewed)
        return await _start(request, visit, connection, account)


async def _verified(request: Request, visit: Visit, email: str, password: str) -> tuple[Account, str]:
    """Return the account, and the hash that the password was right for. It is counted before it is looked at."""
    async with visit.parts.database.read() as connection:
        found = await accounts.find_to_sign_in(connection, email)
        known = await sessions.addresses(connection, found[0].id if found else "", now=visit.now)
    hashed = found[1] if found else None
    tried = await try_password(request, visit, email, hashed, known)
    if not await visit.parts.passwords.verify(password, hashed) or found is None:
        raise GrantRefused("invalid_grant", _WRONG)
    await tried.was_right()
    return found


async def _check_again(
    visit: Visit, connection: Connection, account: Account, password: str, *, verified: str, renewed: str | None
) -> None:
    """Refuse a password that was changed while it was looked at, and hash it anew if its hash is an old one."""
    held = await accounts.hold(connection, account.id, now=visit.now)
    if held is None:
        raise GrantRefused("invalid_grant", _WRONG)
    if held[1] != verified and not await visit.parts.passwords.verify(password, held[1]):
        raise GrantRefused("invalid_grant", _WRONG)
    if held[1] == verified and renewed is not None:
        await accounts.change(connection, account.id, password_hash=renewed)


async def _start(request: Request, visit: Visit, connection: Connection, account: Account) -> Response:
    """Start a session."""
    sources, now = visit.parts.sources, visit.now
    session = Session(
        id=sources.new_id(),
        account_id=account.id,
        client=_client(request),
        address=visit.address,
        started_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=visit.parts.settings.refresh_token_days),
    )
    secret = sources.new_secret()
    await sessions.start(connection, session, secret)
    return _tokens(visit, account, session, secret, now=now)


def _client(request: Request) -> str | None:
    """Return what the caller's program calls itself, as its owner is shown it."""
    told = "".join(sign for sign in request.headers.get("user-agent", "") if sign.isprintable())
    return told[:MAX_CLIENT].strip() or None


async def _refresh(request: Request, visit: Visit, token: str) -> Response:
    """Change a refresh token for new ones. It counts for its account; one that is not good, as signing in."""
    async with visit.parts.database.read() as connection:
        owner = await sessions.owner(connection, token)  # what is nobody's must not hold up those who write
    answer = None
    if owner is not None:
        await count(request, Work.WRITING, Person(owner))
        async with visit.writing() as connection:
            kept = await sessions.find(connection, token)
            answer = await _go_on(visit, connection, token, kept) if kept else None
    if answer is None:
        await count(request, Work.SIGN_IN)
        raise GrantRefused("invalid_grant", _ENDED)
    return answer


async def _go_on(visit: Visit, connection: Connection, token: str, kept: RefreshToken) -> Response | None:
    """Go on from a refresh token, or end the session of one that somebody has stolen.

    It is judged by the time after the wait for others: a request may be sent slowly on purpose.
    """
    session, now = kept.session, visit.parts.sources.now()
    account = await accounts.get(connection, session.account_id, now=now)
    what = worth(kept, now=now)
    if account is None or what is Worth.NOTHING:
        return None
    if what is Worth.THE_END:
        await sessions.end(connection, session.id)
        stolen = Event(Subject.ACCOUNT, account.id, "end-session-of-stolen-token", by=None, at=now, version=0)
        await visit.record(connection, stolen)
        return None
    if what is Worth.THE_SAME_AGAIN:
        return _tokens(visit, account, session, await sessions.repeat(connection, token, kept), now=now)
    secret, lasts = visit.parts.sources.new_secret(), timedelta(days=visit.parts.settings.refresh_token_days)
    renewed = replace(session, last_used_at=now, expires_at=now + lasts, address=visit.address)
    await sessions.go_on(connection, token, to=secret, session=renewed)
    return _tokens(visit, account, session, secret, now=now)


def _tokens(visit: Visit, account: Account, session: Session, secret: str, *, now: datetime) -> Response:
    return granted(visit, account.id, account.roles, session_id=session.id, now=now, refresh_token=secret)

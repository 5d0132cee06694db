"""Signing in and out: OAuth 2's token endpoint (RFC 6749) and revocation (RFC 7009)."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import JsonValue

from api.deps import VisitOf
from api.editorial.replies import plain
from api.parts import Visit
from api.problems import declared
from api.routing import Route
from api.types import Model
from domain.errors import GrantRefused
from domain.people import Account
from infra import accounts, sessions
from infra.db import Connection
from infra.passwords import MAX_LENGTH
from infra.sessions import RefreshToken, digest_of

router = APIRouter(prefix="/v1", tags=["Accounts"], route_class=Route)

_WRONG = "The e-mail address or the password is wrong."
_ENDED = "The refresh token is not good (any more). Sign in again."
# Not `max_length`: FastAPI would answer 422, and RFC 6749 wants `invalid_request`.
GRANTS: dict[str, JsonValue] = {"enum": ["password", "refresh_token"]}
Field1K = Annotated[str, Form(json_schema_extra={"maxLength": MAX_LENGTH})]


class TokenAnswer(Model):
    """Tokens (RFC 6749, section 5.1)."""

    access_token: str
    """Goes into `Authorization: Bearer …`."""
    token_type: Literal["bearer"]
    expires_in: int
    """Seconds that the access token is good for."""
    refresh_token: str
    """Gets the next access token, once; a new one comes with it."""


@router.post(
    "/auth/token",
    summary="Get tokens",
    operation_id="get_token",
    response_model=TokenAnswer,
    responses=declared(
        "bad-request", "invalid-grant", "unauthorized", "too-large", "unsupported-media-type", "unavailable"
    ),
)
async def get_token(
    request: Request,
    visit: VisitOf,
    grant_type: Annotated[Field1K, Form(description="How you sign in", json_schema_extra=GRANTS)] = "",
    username: Annotated[Field1K, Form(description="E-mail address, for `password`")] = "",
    password: Annotated[Field1K, Form(description="For `password`")] = "",
    refresh_token: Annotated[Field1K, Form(description="For `refresh_token`")] = "",
) -> Response:
    """Sign in with an e-mail address and a password, or go on with a refresh token (RFC 6749)."""
    await _check_form(request, grant_type, username, password, refresh_token)
    if grant_type == "password":
        if not username or not password:
            raise GrantRefused("invalid_request", "Send `username` and `password`.")
        account = await _sign_in(visit, username, password)
        async with visit.writing() as connection:
            return await _tokens(visit, connection, account, family=visit.parts.sources.new_id())
    if grant_type == "refresh_token":
        if not refresh_token:
            raise GrantRefused("invalid_request", "Send `refresh_token`.")
        return await _refresh(visit, digest_of(refresh_token))
    error = "unsupported_grant_type" if grant_type else "invalid_request"
    raise GrantRefused(error, "`grant_type` must be `password` or `refresh_token`.")


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
    token: Annotated[Field1K, Form(description="A refresh token", json_schema_extra={"minLength": 1})] = "",
    token_type_hint: Annotated[Field1K, Form(description="RFC 7009 lets us ignore it")] = "",
) -> Response:
    """End a refresh token and all that came from the same sign-in (RFC 7009). Unknown ones are fine too."""
    await _check_form(request, token, token_type_hint)
    if not token:
        raise GrantRefused("invalid_request", "Send `token`.")
    async with visit.writing() as connection:
        kept = await sessions.find_refresh_token(connection, digest_of(token))
        if kept is not None:
            await sessions.end_family(connection, kept.family)
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


async def _check_form(request: Request, *values: str) -> None:
    """Refuse what RFC 6749 calls malformed: a parameter that stands there twice, or a value that none can be."""
    names = [name for name, _ in (await request.form()).multi_items()]
    if len(names) != len(set(names)):
        raise GrantRefused("invalid_request", "A parameter may stand there only once.")
    if any(len(value) > MAX_LENGTH or "\x00" in value for value in values):
        raise GrantRefused("invalid_request", f"A parameter may have {MAX_LENGTH} characters, and no U+0000.")


async def _sign_in(visit: Visit, email: str, password: str) -> Account:
    async with visit.parts.database.read() as connection:
        found = await accounts.find_to_sign_in(connection, email, now=visit.now)
    hashed = found[1] if found else None
    if not await visit.parts.passwords.verify(password, hashed) or found is None:
        raise GrantRefused("invalid_grant", _WRONG)
    return found[0]


async def _refresh(visit: Visit, digest: str) -> Response:
    """Change a refresh token for new ones."""
    async with visit.writing() as connection:
        kept = await sessions.find_refresh_token(connection, digest)
        answer = await _go_on(visit, connection, kept) if kept else None
    if answer is None:
        raise GrantRefused("invalid_grant", _ENDED)
    return answer


async def _go_on(visit: Visit, connection: Connection, kept: RefreshToken) -> Response | None:
    """Go on from a refresh token. One that is used twice was stolen: its whole family ends."""
    if not await sessions.use_refresh_token(connection, kept.digest, now=visit.now):
        await sessions.end_family(connection, kept.family)
        return None
    account = await accounts.get(connection, kept.account_id, now=visit.now)
    if account is None or kept.expires_at <= visit.now:
        return None
    return await _tokens(visit, connection, account, family=kept.family)


async def _tokens(visit: Visit, connection: Connection, account: Account, *, family: str) -> Response:
    settings, sources = visit.parts.settings, visit.parts.sources
    secret = sources.new_secret()
    await sessions.keep_refresh_token(
        connection,
        RefreshToken(
            digest=digest_of(secret),
            family=family,
            account_id=account.id,
            expires_at=visit.now + timedelta(days=settings.refresh_token_days),
        ),
        now=visit.now,
    )
    token = visit.parts.tokens.issue(
        account.id,
        account.roles,
        now=visit.now,
        seconds=settings.access_token_seconds,
        token_id=sources.new_id(),
    )
    return plain(
        TokenAnswer(
            access_token=token,
            token_type="bearer",  # noqa: S106 - RFC 6750
            expires_in=settings.access_token_seconds,
            refresh_token=secret,
        )
    )

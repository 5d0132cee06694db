"""What the token endpoint answers: an access token, and in a session a refresh token to go on with."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from fastapi import Response
from pydantic import Field

from api.editorial.replies import plain
from api.parts import Visit
from api.types import Model, is_none
from domain.people import Role


class TokenAnswer(Model):
    """Tokens (RFC 6749, section 5.1)."""

    access_token: str
    """Goes into `Authorization: Bearer …`."""
    token_type: Literal["bearer"]
    expires_in: int
    """Seconds that the access token is good for."""
    refresh_token: str | None = Field(default=None, exclude_if=is_none)
    """Gets the next access token, once; a new one comes with it. Clients get none: they ask anew."""


def granted(
    visit: Visit,
    subject: str,
    roles: Iterable[Role],
    *,
    session_id: str,
    now: datetime,
    refresh_token: str | None = None,
    is_client: bool = False,
) -> Response:
    """Answer with a new access token for an account, or for a client."""
    seconds = visit.parts.settings.access_token_seconds
    token = visit.parts.tokens.issue(
        subject,
        roles,
        now=now,
        seconds=seconds,
        token_id=visit.parts.sources.new_id(),
        session_id=session_id,
        is_client=is_client,
    )
    return plain(
        TokenAnswer(
            access_token=token,
            token_type="bearer",  # noqa: S106 - RFC 6750
            expires_in=seconds,
            refresh_token=refresh_token,
        ),
        headers={"Pragma": "no-cache"},  # RFC 6749, section 5.1
    )

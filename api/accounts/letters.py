"""Writing letters: in the reader's language, with a link to the site where one is needed."""

from datetime import timedelta

from api.parts import Visit
from domain.errors import Conflict, LinkRefused
from domain.events import Event, Subject
from domain.letters import NOTICE_FOR, TOPICS, Kind, Letter, Topic, language_of, wording
from infra import events, letters
from infra.account_links import NewAccount, NewEmail, NewPassword, sealed
from infra.db import Connection, savepoint

AnyLink = NewAccount | NewEmail | NewPassword


def address_of(visit: Visit, link: AnyLink) -> str:
    """Return where a link leads: a page of the site, which then sends us the token."""
    action = "reset" if isinstance(link, NewPassword) else "confirm"
    template = visit.parts.settings.account_url
    return template.replace("{action}", action).replace("{token}", sealed(visit.parts.seals, link))


async def post(
    visit: Visit,
    connection: Connection,
    kind: Kind,
    to: str,
    *,
    language: str | None,
    link: str = "",
    lasts: timedelta = NOTICE_FOR,
    wished_by: str | None = None,
) -> None:
    """Write a letter into the transaction, as the last thing in it. `visit.parts.postman` is told afterwards.

    One to an address that the account `wished_by` wants to have counts as such, whatever it says.
    """
    settings = visit.parts.settings
    subject, text = wording(
        kind, language_of(language, settings.default_language), publisher=settings.publisher_name, link=link
    )
    letter_id, topic = visit.parts.sources.new_id(), Topic.EMAIL if wished_by else TOPICS[kind]
    letter = Letter(letter_id, topic, to, subject, text, visit.now, visit.now + lasts, wished_by)
    await letters.post(connection, letter, visit.parts.seals)


async def use(visit: Visit, connection: Connection, link: AnyLink, action: str) -> None:
    """Use a link up, or refuse one that was used: it is told by the event that has its id."""
    event = Event(Subject.ACCOUNT, link.account_id, action, by=link.account_id, at=visit.now, version=0)
    try:
        async with savepoint(connection):
            await events.record(connection, event, event_id=link.id, from_address=visit.address)
    except Conflict:
        raise LinkRefused from None

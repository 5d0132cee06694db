"""The letters that were sent, read from the folder as a reader would; and waiting until they are."""

import asyncio
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from sqlalchemy import func, select

from api.parts import Parts
from infra.tables import letters

LINK = re.compile(r"https?://\S+#(\S+)")


async def letters_to(parts: Parts, address: str, *, count: int = 1) -> list[EmailMessage]:
    """The letters to an address, oldest first, once the postman has nothing left to send; so many are expected."""
    await sent(parts)
    found = [one for one in in_folder(parts.settings.mail_dir) if one["To"] == address]
    assert len(found) == count, [one["Subject"] for one in found]
    return found


def in_folder(folder: Path) -> list[EmailMessage]:
    """All letters in a folder, oldest first."""
    made = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))]
    assert all(isinstance(one, EmailMessage) for one in made)
    return made


async def sent(parts: Parts) -> None:
    """Wait until no letter waits."""
    for _ in range(1000):
        if not await waiting(parts):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a letter waits")


async def waiting(parts: Parts) -> int:
    """How many letters wait to be sent."""
    async with parts.database.read() as connection:
        query = select(func.count()).select_from(letters).where(letters.c.due_at.is_not(None))
        return await connection.scalar(query) or 0


def text_of(letter: EmailMessage) -> str:
    content: str = letter.get_content()
    return content


def token_in(letter: EmailMessage) -> str:
    """The token of the link in a letter."""
    (token,) = LINK.findall(text_of(letter))
    return str(token)

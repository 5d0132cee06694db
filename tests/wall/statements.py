"""Records the SQL that is really sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event

GATED = ("full_texts", "revisions")
_NO_QUESTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT 1", "SHOW", "SET")


class Sent(list[str]):
    """Statements, and which publications' whole texts they read."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: set[str] = set()


@contextmanager
def statements_of(app: FastAPI) -> Iterator[Sent]:
    """Collect every statement but those that open and close transactions."""
    engine = app.state.parts.database.engine.sync_engine
    sent = Sent()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(_NO_QUESTIONS):
            sent.append(statement)
        if "full_texts" in statement:
            sent.opened.update(parameters)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def naming_gated(sent: list[str]) -> list[int]:
    """Where statements stand that name a table with gated text."""
    return [at for at, statement in enumerate(sent) if any(name in statement for name in GATED)]

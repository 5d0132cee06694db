"""The process beside the writer, in which lines are read: two cores do twice the work of one."""

import asyncio
import gc
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Self

from api.exchange.prepared import Line, Prepared
from api.exchange.preparing import Preparer
from infra.db import Database, DatabaseBusy
from infra.ids import Sources
from infra.settings import Settings

GARBAGE = 50_000  # objects until it is looked for: lines make many, and hardly a circle among them


class Beside:
    """Reads lines in another process, some at a time, in the order in which it is asked.

    That process ends when this one does, however that ends: nobody holds the other end of its pipe then.
    """

    def __init__(self, settings: Settings) -> None:
        self._pipe, other = Pipe()
        command = [sys.executable, "-m", __name__, str(other.fileno())]  # it loads no more than it needs
        self._process = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        other.close()
        self._pipe.send(settings)
        self._courier = ThreadPoolExecutor(max_workers=1)  # large messages wait for their reader

    async def prepare(self, lines: Sequence[Line]) -> list[Prepared]:
        """Return what lines say."""
        return await asyncio.get_running_loop().run_in_executor(self._courier, self._ask, lines)

    def _ask(self, lines: Sequence[Line]) -> list[Prepared]:
        self._pipe.send(lines)
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        found: list[Prepared] = answer
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._courier.shutdown(cancel_futures=True)


def _serve(pipe: Connection) -> None:
    gc.set_threshold(GARBAGE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the writer decides when it is over
    settings: Settings = pipe.recv()
    with asyncio.Runner() as runner:
        database = Database(settings.sqlalchemy_url)
        preparer = Preparer(settings, database, Sources())
        try:
            while True:
                _answer(runner, preparer, pipe)
        except (EOFError, OSError):
            runner.run(database.close())


def _answer(runner: asyncio.Runner, preparer: Preparer, pipe: Connection) -> None:
    lines: list[Line] = pipe.recv()
    try:
        pipe.send(runner.run(preparer.prepare(lines)))
    except OSError:
        raise
    except DatabaseBusy as error:
        pipe.send(error)
    except Exception as error:  # noqa: BLE001 - it is raised in the writer's process, without what it may quote
        at = error.__traceback__
        while at and at.tb_next:
            at = at.tb_next
        where = f" in {at.tb_frame.f_code.co_qualname}, line {at.tb_lineno}" if at else ""
        pipe.send(RuntimeError(f"{type(error).__name__}{where}"))


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))

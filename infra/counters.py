"""Counts of requests in this process: two windows of each length, of which the older is forgotten as a whole.

`limits` has a store in memory too. Its asynchronous one looks at every key for each request, and the other one in
a thread that it starts for it; neither has a bound.
"""

from binascii import crc32
from collections.abc import Callable
from datetime import datetime

from domain.limits import Count, Limit

MOST = 100_000  # keys in a window; some 15 MB
SHARED = 1_024  # places a limit for all networks that come after those
OURS = frozenset({"account", "client"})  # of whom there are no more than rows


class Window:
    """Counts of one length of time: those of the window that runs, and those of the one before."""

    __slots__ = ("before", "now", "number", "seconds")

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.number = 0
        self.before: dict[str, int] = {}
        self.now: dict[str, int] = {}

    def at(self, time: float) -> None:
        """Go on to the window of a time. A clock put back a little changes nothing, one put far off all."""
        number = int(time // self.seconds)
        if number == self.number + 1:
            self.before, self.now = self.now, {}
        elif not self.number - 1 <= number <= self.number:
            self.before, self.now = {}, {}
        else:
            return
        self.number = number

    def place(self, key: str) -> str:
        """Return where a key is counted: by itself, or with others of the same limit once there are too many."""
        if key in self.now or len(self.now) < MOST or key.split(" ", 2)[1] in OURS:
            return key
        return f"{key.partition(' ')[0]} shared {crc32(key.encode()) % SHARED}"

    def count(self, key: str, time: float) -> Count:
        """Return what was counted of a key. What was counted with others counts too."""
        place = self.place(key)
        ends = (self.number + 1) * self.seconds - time
        before = self.before.get(key, self.before.get(place, 0))
        return Count(before, min(ends, float(self.seconds)), self.now.get(place, 0), ends)


class Counters:
    """Counts requests of this process, in constant memory a key, and for so many keys at most."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._windows: dict[int, Window] = {}

    def take(self, limit: Limit, key: str, amount: int = 1) -> bool:
        """Count a request if there is room for it, and tell whether there was."""
        window, time = self._window(limit)
        if amount > 0 and window.count(key, time).left(limit) < amount:
            return False
        place = window.place(key)
        window.now[place] = max(0, window.now.get(place, 0) + amount)
        return True

    def look(self, limit: Limit, key: str) -> Count:
        """Return what has been counted."""
        window, time = self._window(limit)
        return window.count(key, time)

    def _window(self, limit: Limit) -> tuple[Window, float]:
        window = self._windows.get(limit.seconds)
        if window is None:
            window = self._windows[limit.seconds] = Window(limit.seconds)
        time = self._now().timestamp()
        window.at(time)
        return window, time

"""How fast an import is, and how much memory it takes: `python -m bench.importing 2000`, on an empty SQLite file.

It prints articles a second and processor time an article, with what it takes to start and without (in a large
import that is nothing), and the most that all its processes held at once.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.corpus import draw, records


def write(folder: Path, count: int) -> tuple[Path, Path]:
    """Write a corpus: what articles name in one file, the articles in another."""
    draw(folder / "pictures")
    names, articles = folder / "names.ndjson", folder / "articles.ndjson"
    with names.open("w", encoding="utf-8") as first, articles.open("w", encoding="utf-8") as second:
        for record in records(count):
            file = second if record["type"] == "article" else first
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return names, articles


def take_over(file: Path, data: Path, **settings: str) -> tuple[float, float, int]:
    """Import a file; return the seconds that it took, those of the processors, and the kilobytes held at most."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, most = time.perf_counter(), 0
    command = [str(Path(sys.executable).parent / "standfirst"), "import", str(file)]
    named = {f"STANDFIRST_{name.upper()}": value for name, value in {"data_dir": str(data), **settings}.items()}
    with subprocess.Popen(command, env={**os.environ, **named}) as process:  # noqa: S603
        while process.poll() is None:
            most = max(most, _held(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit("The import failed.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, worked, most


def _held(pid: int) -> int:
    """Return the kilobytes that a process and its children hold (Linux), what they share counted once."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        held = (Path(f"/proc/{one}/smaps_rollup").read_text() for one in (str(pid), *children))
        return sum(int(text.partition("\nPss:")[2].split()[0]) for text in held)
    except (OSError, IndexError):  # it has just ended
        return 0


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="How fast an import is.")
    parser.add_argument("count", type=int, nargs="?", default=2_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        names, articles = write(Path(folder), count)
        take_over(names, Path(folder) / "data")
        took, worked, most = take_over(articles, Path(folder) / "data")
        start, start_worked, _ = take_over(names, Path(folder) / "data")  # all of it is here: it only starts
    each = 1000 * (worked - start_worked) / count
    sys.stdout.write(
        f"{count / took:.0f} articles a second, {1000 * worked / count:.2f} ms of processor time each; "
    )
    sys.stdout.write(
        f"once it has started {count / (took - start):.0f} and {each:.2f}; {most // 1000} MB at most\n"
    )


if __name__ == "__main__":
    main()

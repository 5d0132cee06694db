"""The commands `import` and `export`, as processes of their own: killed, watched, beside a server."""

import json
import os
import pty
import random
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest

from bench.corpus import draw, records
from tests.contract.program import COMMAND, PASSWORD, environment, sign_in, started
from tests.exchanging import article, tag

EDITOR = ("accounts", "add", "editor@example.org", "--role", "editor", "--password-stdin")


def corpus(folder: Path, count: int) -> Path:
    """A newsroom's records, and its pictures."""
    draw(folder / "pictures")
    path = folder / "corpus.ndjson"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(record)}\n" for record in records(count))
    return path


def importing(file: Path, data: Path, *, is_covered: bool = True) -> subprocess.Popen[bytes]:
    given = environment(DATA_DIR=str(data))
    return subprocess.Popen(
        [COMMAND, "import", str(file)],
        cwd=file.parent,
        env={name: value for name, value in given.items() if is_covered or not name.startswith("COV")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(file: Path, data: Path) -> tuple[int, str]:
    """Import a file to its end; return the exit code and what was told."""
    process = importing(file, data)
    printed, told = process.communicate(timeout=300)
    assert printed == b""
    return process.returncode, told.decode()


def rows(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is kept, without what is drawn or read off a clock."""
    queries = {
        "articles": "SELECT id, group_id, version, revision, created_at FROM articles",
        "revisions": "SELECT article_id, number, draft FROM revisions",
        "publications": "SELECT article_id, number, slug, state, published_at, front FROM publications",
        "texts": "SELECT article_id, body FROM full_texts JOIN publications ON publication_id = id",
        "teasers": "SELECT article_id, body FROM teasers JOIN publications ON publication_id = id",
        "listings": "SELECT heading, article_id, title_key FROM listings",
        "links": "SELECT * FROM draft_links",
        "slugs": "SELECT * FROM slugs",
        "names": "SELECT * FROM external_ids",
        "events": "SELECT subject, subject_id, action, version FROM events",
        "media": "SELECT id, digest, alt FROM media",
    }
    with sqlite3.connect(data / "standfirst.db") as connection:
        return {name: sorted(connection.execute(query).fetchall()) for name, query in queries.items()}


@pytest.mark.deep
def test_an_import_that_is_killed_again_and_again_loses_and_repeats_nothing(tmp_path: Path) -> None:
    file, luck = corpus(tmp_path, 400), random.Random(7)
    assert run(file, tmp_path / "whole")[0] == 0
    killed = 0
    while killed < 6:
        process = importing(file, tmp_path / "killed")
        time.sleep(luck.uniform(2, 7))
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        process.communicate()
    assert run(file, tmp_path / "killed")[0] == 0
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")
    code, told = run(file, tmp_path / "killed")
    assert (code, told) == (0, "0 made, 0 changed, 828 unchanged, 0 refused\n")


def test_a_killed_import_leaves_no_process_behind_and_goes_on(tmp_path: Path) -> None:
    file = corpus(tmp_path, 60)
    process = importing(file, tmp_path / "data")
    deadline = time.monotonic() + 60
    while not _taken(tmp_path / "data") and time.monotonic() < deadline:
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.communicate()
    before = _taken(tmp_path / "data")
    assert before > 0
    while any(_runs(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [child for child in children if _runs(child)] == []
    code, told = run(file, tmp_path / "data")
    assert code == 0
    assert f"{before} unchanged" in told
    assert _taken(tmp_path / "data") == file.read_bytes().count(b"\n")


def _taken(data: Path) -> int:
    try:
        with sqlite3.connect(f"file:{data / 'standfirst.db'}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM external_ids").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _runs(process: str) -> bool:
    """Whether a process is there and is no mere entry that nobody has asked about."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_flaws_are_told_by_line_and_the_exit_code_tells_that_there_are_some(tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    secret = "a text that no log shows"
    bad = article("b", tags=["nowhere"], standfirst=secret, body_html=f"<p>{secret}</p>")
    file.write_text("".join(f"{json.dumps(one)}\n" for one in (tag(), bad, article("c"))) + f'{{"{secret}\n')
    code, told = run(file, tmp_path / "data")
    assert code == 1
    assert told.splitlines() == [
        f"{file}:4: The body is not valid JSON (RFC 8259).",
        f"{file}:2: /tags/0: There is no such tag. Create it first.",
        "2 made, 0 changed, 0 unchanged, 2 refused",
    ]
    assert secret not in told


def test_a_file_that_is_not_there_and_another_schema_are_told_in_a_sentence(tmp_path: Path) -> None:
    code, told = run(tmp_path / "nowhere.ndjson", tmp_path / "data")
    assert (code, told.count("\n")) == (2, 1)
    file = tmp_path / "records.ndjson"
    file.write_text(json.dumps(tag()))
    assert run(file, tmp_path / "data")[0] == 0
    with sqlite3.connect(tmp_path / "data" / "standfirst.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    code, told = run(file, tmp_path / "data")
    assert code == 2
    assert "newer than this program" in told


def test_progress_is_drawn_on_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    file.write_text("".join(f"{json.dumps(article(str(number)))}\n" for number in range(120)))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "import", str(file)],
        env={**environment(DATA_DIR=str(tmp_path / "data")), "TERM": "xterm", "COLUMNS": "120"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while some := os.read(ours, 4096):
            drawn += some
    except OSError:  # that is how a terminal ends
        pass
    assert process.wait(60) == 0
    assert b"Importing" in drawn
    assert b"%" in drawn
    assert b"120 made" in drawn


def test_what_is_exported_goes_to_standard_output_or_into_a_file(tmp_path: Path) -> None:
    file = corpus(tmp_path, 3)
    assert run(file, tmp_path / "data")[0] == 0
    told = subprocess.run(
        [COMMAND, "export"], env=environment(DATA_DIR=str(tmp_path / "data")), capture_output=True, check=True
    )
    types = [json.loads(line)["type"] for line in told.stdout.splitlines()]
    assert types == sorted(types, key=["tag", "media", "contributor", "article"].index)
    assert told.stderr == b"431 records.\n"
    out = tmp_path / "out"
    out.mkdir()
    command = [str(COMMAND), "export", "--output", str(out / "all.ndjson"), "--media", str(out / "media")]
    subprocess.run(command, env=environment(DATA_DIR=str(tmp_path / "data")), check=True, capture_output=True)
    assert (out / "all.ndjson").read_bytes().count(b"\n") == 431
    assert len(list((out / "media").iterdir())) == 60
    assert run(out / "all.ndjson", tmp_path / "again") == (0, "431 made, 0 changed, 0 unchanged, 0 refused\n")


@pytest.mark.deep
def test_memory_stays_flat(tmp_path: Path) -> None:
    peaks = []
    for count in (500, 3_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        process = importing(corpus(folder, count), folder / "data", is_covered=False)
        watched = threading.Thread(target=lambda process=process: peaks.append(_peak(process)))
        watched.start()
        process.communicate(timeout=500)
        watched.join()
        assert process.returncode == 0
    assert max(peaks) < 300_000
    assert peaks[1] < peaks[0] * 1.25


def _peak(process: subprocess.Popen[bytes]) -> int:
    """The most that a process and its children held together, in kilobytes."""
    most = 0
    while process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            pids = [str(process.pid), *children.read_text().split()]
            most = max(most, sum(_resident(pid) for pid in pids))
        except OSError:
            pass
        time.sleep(0.1)
    return most


def _resident(pid: str) -> int:
    """What a process holds, with what it shares counted in parts (`Pss`), so that the sum counts it once."""
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("\nPss:")[2].split()[0])


@pytest.mark.deep
def test_a_server_beside_an_import_goes_on_writing(tmp_path: Path) -> None:
    file = corpus(tmp_path, 600)
    data = {"DATA_DIR": str(tmp_path / "data")}
    subprocess.run([COMMAND, *EDITOR], input=PASSWORD.encode(), env=environment(**data), check=True)
    with started(tmp_path, "serve", **data) as server:
        headers, waited = sign_in(server, "editor@example.org"), list[float]()
        process = importing(file, tmp_path / "data")
        while process.poll() is None:
            began = time.monotonic()
            form = {"title": "Meanwhile", "language": "en", "body_html": "<p>One.</p>"}
            made = httpx.post(f"{server.url}/v1/editorial/articles", json=form, headers=headers, timeout=30)
            assert made.status_code == 201, made.text
            waited.append(time.monotonic() - began)
            time.sleep(0.05)
        process.communicate()
        assert process.returncode == 0
    assert len(waited) > 20
    assert sorted(waited)[len(waited) * 9 // 10] < 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "nowhere.ndjson"), "nowhere.ndjson is no file."),
        (("import", "."), ". is no file."),
        (("export", "--output", "."), ". is a folder."),
        (("export", "--output", "a/x.ndjson", "--media", "b/m"), "must lie beside the records"),
    ],
)
def test_what_cannot_be_read_or_written_is_told_by_its_name(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = subprocess.run(
        [COMMAND, *arguments], cwd=tmp_path, env=environment(DATA_DIR="data"), capture_output=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"standfirst: ")
    assert said in " ".join(ended.stderr.decode().split())

"""The `standfirst` command."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvicorn
from rich.console import Console

from api import contract, key_commands, promises
from api.app import application, create_app
from api.demo import newsroom
from api.exchange import exchanging, records
from api.middleware import configure_logging
from domain.people import Account, Role
from domain.subscriptions import Subscription
from infra import accounts, changes, subscriptions
from infra.db import Database, DatabaseBusy
from infra.ids import Sources
from infra.keys import load_keyring
from infra.migrations import OldSchema, migrate, prepare
from infra.passwords import MAX_LENGTH, MIN_LENGTH, hash_password
from infra.settings import PREFIX, Settings, WrongSettings, load_settings, unknown_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Standfirst: journalism behind a paywall.")
accounts_app = typer.Typer(no_args_is_help=True, help="Accounts: who signs in, and as what.")
app.add_typer(accounts_app, name="accounts")
app.add_typer(key_commands.app, name="keys")
out, err = Console(), Console(stderr=True)

CONTRACT = Path("openapi")
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)]


class Refused(Exception):
    """The command cannot be carried out; the message says what to do."""


def main() -> None:
    """Run the command; whatever stops it is told in a sentence."""
    try:
        app()
    except (WrongSettings, OldSchema, newsroom.DemoFailed, exchanging.CannotWrite, Refused) as error:
        _stop(str(error))
    except DatabaseBusy:
        _stop("The database cannot be reached. Is STANDFIRST_DATABASE_URL right, and does the server run?")
    except OSError as error:
        where = "Are STANDFIRST_DATA_DIR and STANDFIRST_DATABASE_URL right?"
        _stop(f"{error.filename or 'A file'} cannot be used: {error.strerror}. {where}")


def _stop(message: str) -> NoReturn:
    err.print("standfirst:", style="bold red", end=" ")
    err.print(message, markup=False, highlight=False, soft_wrap=True)
    sys.exit(2)


def _run(command: Callable[..., Any]) -> Callable[..., None]:
    """Make a coroutine a command."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        asyncio.run(command(*args, **kwargs))

    return run


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(help="How many processes answer.", min=1, max=64)] = 1,
) -> None:
    """Answer requests. On an empty data folder it needs no configuration at all."""
    settings = load_settings()
    for name in unknown_settings():
        err.print(f"standfirst: there is no setting {name}; it is ignored.", markup=False, highlight=False)
    _warn_of_workers(settings, workers)
    _check_free(host, port)
    if "public_url" not in settings.model_fields_set:
        os.environ[f"{PREFIX}PUBLIC_URL"] = _address(host, port)
        settings = load_settings()
    _listen(settings, host=host, port=port, workers=workers)


def _warn_of_workers(settings: Settings, workers: int) -> None:
    """Say that limits are not what they seem where several processes count, each by itself."""
    if workers == 1 or settings.rate_limit_store.get_secret_value():
        return
    if any(not limit.is_none for limit in (*settings.limits.of_work.values(), settings.limits.tries)):
        told = f"each of {workers} workers counts requests by itself; {PREFIX}RATE_LIMIT_STORE lets them share."
        err.print(f"standfirst: {told}", markup=False, highlight=False, soft_wrap=True)


def _address(host: str, port: int) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where "everywhere" is reached here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _check_free(host: str, port: int) -> None:
    """Refuse a port that cannot be had, before anything else is done or printed."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            reason = error.strerror or "no such address"
            raise Refused(f"Cannot listen on {host}, port {port}: {reason}. Choose another with --port.") from None


def _listen(settings: Settings, *, host: str, port: int, workers: int) -> None:
    load_keyring(settings)
    asyncio.run(_prepare(settings))  # here, so that several workers find everything made
    address = _address(host, port)
    out.print(f"Standfirst answers on {address} – the contract is at {address}/docs", markup=False, soft_wrap=True)
    uvicorn.run(
        "api.cli:create_logged_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


def create_logged_app() -> Any:  # noqa: ANN401 - an ASGI application
    """Return the application of a worker, with its logs on."""
    configure_logging()
    app = create_app()
    return app.kept or app


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of these settings for a while."""
    database = Database(settings.sqlalchemy_url)
    try:
        yield database
    finally:
        await database.close()


async def _prepare(settings: Settings) -> None:
    async with _database(settings) as database:
        await prepare(database)


@app.command(name="migrate")
@_run
async def migrate_command() -> None:
    """Bring the database's tables up to this program's version."""
    async with _database(load_settings()) as database:
        await migrate(database)
    out.print("The database is up to date.")


@app.command(name="restored")
@_run
async def restored_command() -> None:
    """Say that a backup was put back: followers start anew, and no answer from before is given again."""
    async with _database(load_settings()) as database:
        await prepare(database)
        async with database.write() as connection:
            await changes.rename(connection)
    out.print("Whoever follows what changes starts anew.")


@app.command()
def demo(port: Port = 8000) -> None:
    """Serve an example newsroom, with readers of every role, ready to try."""
    _check_free("127.0.0.1", port)
    folder = Path(os.environ.get(f"{PREFIX}DATA_DIR", "demo-data"))
    os.environ.update(
        {
            f"{PREFIX}DATA_DIR": str(folder),
            f"{PREFIX}DATABASE_URL": f"sqlite:///{folder / 'standfirst.db'}",  # never a real publication's
            f"{PREFIX}PUBLIC_URL": f"http://127.0.0.1:{port}",
            f"{PREFIX}PUBLISHER_NAME": "La Gazette des Amers",
            f"{PREFIX}ACCESS_TOKEN_SECONDS": "86400",
            f"{PREFIX}FOUR_EYES": "false",  # one editor makes all of it
        }
    )
    settings = load_settings()
    asyncio.run(_prepare(settings))
    tokens = asyncio.run(newsroom.load(settings, out))
    newsroom.introduce(settings, tokens, out)
    _listen(settings, host="127.0.0.1", port=port, workers=1)


@app.command()
def openapi(
    check: Annotated[bool, typer.Option("--check", help="Compare, and fail if it differs.")] = False,  # noqa: FBT002
    release: Annotated[bool, typer.Option("--release", help="Promise what is there now.")] = False,  # noqa: FBT002
    folder: Annotated[Path, typer.Option(help="Where the contract is kept.")] = CONTRACT,
) -> None:
    """Write the contract and its part for readers, or check the files and that each breaking change is named."""
    for name, text in contract.texts(application(load_settings())).items():
        file = folder / name
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            out.print(f"Wrote {file}.")
        elif not file.exists() or file.read_text() != text:
            raise Refused(f"{file} is not what the application says. Run: standfirst openapi")
    if check or release:
        _check_promises(folder)
    if release:
        _release(folder)


def _check_promises(folder: Path) -> None:
    """Refuse a contract that breaks the released one without saying so."""
    promised, changelog = folder / "released.json", folder / "CHANGELOG.md"
    if not promised.exists():
        return
    now = json.loads((folder / "openapi.json").read_text())
    found = promises.breaking(json.loads(promised.read_text()), now)
    if wrong := promises.disagreements(changelog.read_text(), found):
        told = "\n".join(wrong)
        raise Refused(f"{changelog} does not name what breaks since the last release. Under Unreleased:\n{told}")


def _release(folder: Path) -> None:
    """Keep the contract as the one that later ones are compared with, and give its changes a heading."""
    now = json.loads((folder / "openapi.json").read_text())
    changelog, version = folder / "CHANGELOG.md", now["info"]["version"]
    if f"## {version} " in changelog.read_text():
        raise Refused(f"{version} has been released. Raise VERSION in api/contract.py.")
    kept = json.dumps(promises.slim(now), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "released.json").write_text(kept + "\n")
    changelog.write_text(promises.released(changelog.read_text(), version, datetime.now(UTC).date().isoformat()))
    out.print(f"Released the contract as {version}.")


@app.command(name="import")
def import_command(
    file: Annotated[Path | None, typer.Argument(help="Records, one a line (docs/import-export.md).")] = None,
    stop_at_first_error: Annotated[  # noqa: FBT002
        bool, typer.Option("--stop-at-first-error", help="Go no further than the first line that is refused.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a record.")] = False,  # noqa: FBT002
) -> None:
    """Take over articles, tags, contributors and pictures. The same command again goes on where it was cut off."""
    if schema:
        sys.stdout.write(json.dumps(records.schema(), indent=2) + "\n")
    elif file is None:
        raise Refused("Name the file to import.")
    elif not file.exists() or file.is_dir():
        raise Refused(f"{file} is no file. Name the file whose lines are records.")
    elif not exchanging.take_over(load_settings(), file, err, stops=stop_at_first_error):
        sys.exit(1)


@app.command(name="export")
def export_command(
    output: Annotated[Path | None, typer.Option(help="Write to this file, and not to standard output.")] = None,
    media: Annotated[
        Path | None, typer.Option(help="Copy the pictures into this folder, beside the file.")
    ] = None,
) -> None:
    """Write everything that the newsroom has, one record a line, from one moment."""
    if output is not None and output.is_dir():
        raise Refused(f"{output} is a folder. Name a file in it.")
    if media is not None and media.resolve().parent != (output or Path("-")).resolve().parent:
        raise Refused("The folder of the pictures must lie beside the records, where an import looks for it.")
    exchanging.hand_over(load_settings(), output, media, err)


@accounts_app.command()
@_run
async def add(
    email: Annotated[str, typer.Argument(help="E-mail address to sign in with.")],
    role: Annotated[list[Role], typer.Option(help="Role; may be given several times.")],
    name: Annotated[str, typer.Option(help="Name of the person.")] = "",
    plan: Annotated[list[str] | None, typer.Option(help="Plan that the account has from now on.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,  # noqa: FBT002
) -> None:
    """Add an account that can sign in."""
    if not password_stdin:
        raise Refused("Pass the password on standard input, with --password-stdin.")
    password = sys.stdin.readline().rstrip("\r\n")
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Refused(f"The password must have {MIN_LENGTH} to {MAX_LENGTH} characters.")
    if "@" not in email.strip("@") or any(character.isspace() for character in email):
        raise Refused("That is no e-mail address.")
    settings, sources = load_settings(), Sources()
    account = Account(sources.new_id(), email, name or email, frozenset(role), frozenset(plan or ()))
    async with _database(settings) as database:
        await prepare(database)
        await add_account(database, account, password, sources)
    out.print(f"Added {email} as {', '.join(sorted(role))}.", markup=False, highlight=False)


async def add_account(database: Database, account: Account, password: str, sources: Sources) -> None:
    """Add an account with its plans, unless the e-mail address is taken."""
    now = sources.now()
    async with database.write() as connection:
        if await accounts.is_taken(connection, account.email):
            raise Refused("There is an account with this e-mail address already.")
        await accounts.add(connection, account, password_hash=hash_password(password), now=now)
        for plan in sorted(account.plans):
            await subscriptions.add(connection, Subscription(sources.new_id(), account.id, plan, starts_at=now))

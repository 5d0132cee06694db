"""`standfirst keys`: what the signing keys are for, and a new one."""

from typing import Annotated

import typer
from rich.console import Console

from infra import ids
from infra.keys import SigningKey, file_of
from infra.rotation import Keys, Ring, rotate
from infra.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Signing keys: what each is for, and a new one.")
out = Console()


@app.command(name="list")
def list_command() -> None:
    """Show the signing keys, the newest first, and what each is for now."""
    settings = load_settings()
    if not settings.signing_keys.get_secret_value() and not file_of(settings).exists():
        out.print(f"There are no keys in {settings.data_dir} yet; the first start of a server makes one.")
        return
    keys = Keys(settings)
    for key in keys.all:
        made = f"made {key.made_at:%Y-%m-%d %H:%M} UTC" if key.made_at else "given"
        out.print(
            f"{key.kid}  {key.algorithm}  {made}  {_use(key, keys.ring)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _use(key: SigningKey, ring: Ring) -> str:
    if key.kid == ring.signing.kid:
        return "signs"
    if key.signs_from > ids.now():
        return f"will sign from {key.signs_from:%Y-%m-%d %H:%M} UTC"
    if key in ring.verifying:
        return "verifies"
    return "opens what was sealed with it"


@app.command(name="rotate")
def rotate_command(
    at_once: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--at-once", help="A key has leaked: what it signed or sealed is worth nothing now."),
    ] = False,
) -> None:
    """Make a new signing key. Servers that run take it up by themselves, with no restart."""
    settings = load_settings()
    rotate(settings, ids.now(), at_once=at_once)
    newest = Keys(settings).all[0]
    if at_once:
        out.print(
            f"{newest.kid} signs within seconds, and no other key is left.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    else:
        told = f"{newest.kid} is told of from now on and signs from {newest.signs_from:%Y-%m-%d %H:%M} UTC."
        out.print(told, markup=False, highlight=False, soft_wrap=True)

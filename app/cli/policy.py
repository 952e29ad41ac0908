"""`nines policy`: the choices that the numbers depend on, shown and set."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli.errors import Misuse
from app.cli.opening import engine, view

_policy = typer.Typer(no_args_is_help=True, help="Show or set the policy: zone, targets, tiers, thresholds.")


def register(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.add_typer(_policy, name="policy")


@_policy.command("show")
def show() -> None:
    """Print the policy in force, as YAML."""
    from app.policy import dump
    from app.store.light import places

    with view() as conn:
        typer.echo(dump(places(conn).policy_at(datetime.now(UTC))), nl=False)


@_policy.command("set")
def set_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file as `nines policy show` prints it.")],
    why: Annotated[str | None, typer.Option(help="The reason, kept with the change.")] = None,
) -> None:
    """Put a policy in force from now on; past months keep theirs."""
    from app.people import local
    from app.policy import NotAPolicy, understood
    from app.settings import load
    from app.store.engine import writing
    from app.store.write import set_policy

    if not file.is_file():
        raise Misuse(f"{file} does not exist: name a YAML file, as `nines policy show > policy.yaml` writes it.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        understood(text)
    except UnicodeDecodeError as cause:
        raise Unreadable(f"{file} is not UTF-8: save it as UTF-8.") from cause
    except NotAPolicy as cause:
        raise Unreadable(f"{file} {cause}.") from cause
    with engine() as opened, writing(opened) as conn:
        set_policy(conn, text, by=local(load().user), why=why)
    typer.echo("The policy is in force from now on; past months keep theirs.")


class Unreadable(ValueError):
    """A file that is no policy; the message names what to mend."""

"""`nines review send`, `nines review deliver`: a review's digest by mail, to Slack and to Microsoft Teams."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.errors import Misuse
from app.cli.opening import engine

if TYPE_CHECKING:
    from app.review.delivery import Target
    from app.settings import Settings
    from app.store.deliveries import Channel, Delivery

_NOWHERE = (
    "There is nowhere to send a digest to: set NINES_SMTP_URL, NINES_SLACK_WEBHOOK or NINES_TEAMS_WEBHOOK "
    "(docs/operate.md)."
)


def register(review: typer.Typer) -> None:
    """Adds the commands of this file to `nines review`."""
    review.command("send")(send)
    review.command("deliver")(deliver)


def send(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A month or quarter, like 2026-10 or 2026-Q4.")],
    to: Annotated[str, typer.Option(help="Some channels alone: email,slack,teams.")] = "",
    attach: Annotated[Literal["pdf"] | None, typer.Option(help="The mail brings the pack.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Send again what may have arrived; if all of it did, once more.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent where; send nothing.")] = False,
) -> None:
    """Send a frozen review's digest to where it was not sent yet; exit 1: somewhere it was not."""
    from app.people import local
    from app.review import delivery
    from app.review.digest import as_text, digest
    from app.settings import load
    from app.store.engine import reading

    settings = load()
    targets = _targets(settings, to)
    with engine() as opened:
        with reading(opened) as conn:
            frozen = delivery.kept(conn, _period(period))
        if frozen is None:
            typer.echo(f"There is no frozen review of {period}: freeze it first.", err=True)
            raise typer.Exit(1)
        if dry_run:
            said = digest(frozen, settings.public_url)
            typer.echo(f"Subject: {said.subject}\n\n{as_text(said)}\nIt would go to:")
            for target in targets:
                typer.echo(f"- {target.name}")
            return
        done = delivery.send(
            opened, frozen, targets, by=local(settings.user), how="again" if again else "failed",
            attach=(attach or settings.digest_attach) == "pdf", base=settings.public_url,
        )  # fmt: skip
    for target, row in done:
        typer.echo(f"{target.name}: {_became(row)}")
    if any(row.state != "sent" for _, row in done):
        raise typer.Exit(1)


def deliver() -> None:
    """Send what is due: reviews just closed, and further tries; the server does so by itself."""
    from app.review import delivery
    from app.settings import load

    settings = load()
    if not settings.sends:
        typer.echo(_NOWHERE, err=True)
        raise typer.Exit(1)
    with engine() as opened:
        rows = delivery.deliver(opened, settings)
    for row in rows:
        typer.echo(f"{row.period}, {delivery.NAMES[row.channel]} ({row.address}): {_became(row)}")
    if any(row.state != "sent" for row in rows):
        raise typer.Exit(1)


def _period(text: str) -> str:
    from app.metrics import periods

    try:
        return periods.parse(text).key
    except ValueError as cause:
        raise Misuse(f"{text!r} is no period: write a month or quarter, like 2026-10 or 2026-Q4.") from cause


def _targets(settings: "Settings", to: str) -> "tuple[Target, ...]":
    from app.review.delivery import NAMES, targets

    named = [part.strip().lower() for part in to.split(",") if part.strip()]
    unknown = [part for part in named if part not in NAMES]
    if unknown:
        raise Misuse(f"{unknown[0]!r} is no channel: write email, slack or teams, with , between them.")
    only: list[Channel] = [channel for channel in NAMES if not named or channel in named]
    found = targets(settings, only)
    missing = sorted(set(named) - {one.place.channel for one in found})
    if not found or missing:
        typer.echo(f"{', '.join(missing)}: not set. {_NOWHERE}" if missing else _NOWHERE, err=True)
        raise typer.Exit(1)
    return found


def _became(row: "Delivery") -> str:
    from app.charts import wording

    match row.state:
        case "sent":
            return f"sent on {wording.instant(row.sent_at)} UTC." if row.sent_at else "sent."
        case "waiting" if row.next_at:
            return f"not yet: {row.error or ''} It is tried again after {wording.instant(row.next_at)} UTC."
        case "failed":
            return f"failed: {row.error} Mend that, then send it again."
        case "unsure":
            return f"unsure: {row.error} Look whether it arrived; if not, send it with --again."
    return "somebody else is sending it just now."

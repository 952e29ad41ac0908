"""`nines …`: parses, calls, prints. Each command is in the file of its noun and imports what it needs when it runs."""

import logging
import os
import sys
from collections.abc import Sequence

import typer

from app.cli import facts, keeping, numbers, policy, review, sources, store
from app.cli.errors import Hiding, Misuse, foreseen, hidden, sentence, unforeseen

app = typer.Typer(
    name="nines",
    help="Executive reliability dashboard: facts in, honest numbers out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for register in (
    store.serving,
    facts.register,
    sources.register,
    numbers.register,
    policy.register,
    keeping.register,
    review.register,
    store.keeping,
):
    register(app)


def run(arguments: Sequence[str]) -> int:
    """Runs one command: its exit code. 0 done; 1 failed, nothing changed; 2 wrong usage; 3 done, rows set aside."""
    try:
        code = app(list(arguments), standalone_mode=False, prog_name="nines")
    except typer.Exit as left:
        return left.exit_code
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("Stopped; nothing was changed.", err=True)
        return 1
    except (Misuse, typer.TyperException) as misuse:
        typer.echo(_usage(misuse), err=True)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except foreseen() as failure:
        typer.echo(hidden(sentence(failure)), err=True)
        return 1
    return code if isinstance(code, int) else 0


def _usage(misuse: Exception) -> str:
    words = misuse.format_message() if isinstance(misuse, typer.TyperException) else str(misuse)
    return " ".join(words.split())


def main() -> None:
    """The `nines` command."""
    sys.excepthook = unforeseen
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Hiding())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    sys.exit(run(sys.argv[1:]))

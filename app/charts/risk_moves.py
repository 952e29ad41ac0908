"""How moves in the matrix are told: the sentence over them, each of them, and why."""

from collections.abc import Sequence
from datetime import date

from app.charts import wording
from app.metrics.register import Level
from app.metrics.risk_moves import Move
from app.metrics.risk_records import Assessment

_SAME = "at the same level"


def finding(found: Sequence[Move], since: date | None) -> str:
    """How many went which way, since a day or each since its own last review."""
    when = f"since {wording.day(since)}" if since else "since its last review"
    went = [move for move in found if move.fate == "moved"]
    down, up = sum(move.by < 0 for move in went), sum(move.by > 0 for move in went)
    across = len(went) - down - up
    parts = []
    if down:
        parts.append(f"{_risks(down)} came down")
    if up:
        parts.append(f"{up:,} went up" if parts else f"{_risks(up)} went up")
    if across:
        parts.append(f"{across:,} moved {_SAME}" if parts else f"{_risks(across)} moved {_SAME}")
    if parts:
        return f"{wording.capital(when)}: {wording.listed(parts)}"
    known = any(move.fate == "stayed" for move in found)
    return f"No risk has moved {when}" if known else f"How risks moved {when} is not known"


def aside(found: Sequence[Move], since: date | None) -> tuple[str, ...]:
    """What stands in no cell-to-cell move: new ones, levels stated since, histories that are too short."""
    count = {fate: sum(move.fate == fate for move in found) for fate in ("new", "stated", "unstated", "unreviewed")}
    lines = []
    if many := count["new"]:
        lines.append(f"{_risks(many)} {'is' if many == 1 else 'are'} new since.")
    if many := count["stated"]:
        lines.append(f"{_risks(many)} {'has' if many == 1 else 'have'} this level stated only since.")
    if many := count["unstated"]:
        lines.append(f"{_risks(many)} {'states' if many == 1 else 'state'} this level no longer.")
    if many := count["unreviewed"]:
        lines.append(f"{_risks(many)} {'was' if many == 1 else 'were'} never reviewed.")
    short = [move for move in found if move.fate == "unknown"]
    if short:
        back = f"to {wording.day(since)}" if since else "to the last review"
        begins = min((move.begins for move in short if move.begins is not None), default=None)
        said = f"Of {_risks(len(short))} the history does not reach back {back}, so whether "
        said += f"{'it' if len(short) == 1 else 'they'} moved is not known"
        lines.append(said + (f"; the earliest of it begins on {wording.day(begins.date())}." if begins else "."))
    return tuple(lines)


def way(move: Move) -> str:
    """From which level to which: "16 → 8, 4 × 4 → 2 × 4"."""
    before, after = move.before, move.after
    return f"{_score(before)} → {_score(after)}, {_cell(before)} → {_cell(after)}"


def why(step: Assessment, zone: str) -> str:
    """Who rated it when, and why."""
    said = f"{step.by} on {wording.instant(step.at, zone)}"
    return f"{said}: “{step.why}”" if step.why else f"{said}, without a reason"


def hover(found: Sequence[Move], zone: str) -> str:
    """What is said over an arrow: each risk that went this way, and why."""
    lines = []
    for move in found:
        reasons = [why(step, zone) for step in move.steps]
        lines.append(f"{move.standing.risk.title}: {way(move)}")
        lines += reasons
    return "\n".join(lines)


def _score(level: Level | None) -> str:
    return f"{level.score}" if level else "not stated"


def _cell(level: Level | None) -> str:
    return f"{level.likelihood} × {level.impact}" if level else "nowhere"


def _risks(many: int) -> str:
    return f"{many:,} risk{'s' if many != 1 else ''}"

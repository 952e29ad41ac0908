"""What a digest says of a review: the subject, the headline, exceptions, what was decided and asked for. As plain text,
and as simple HTML in which every text is escaped. No responder is named."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple
from urllib.parse import urlencode

from app.charts import wording
from app.charts.headline import count
from app.charts.shown import shown
from app.metrics.review_records import Decision, DecisionKind, Promised
from app.review.snapshot import Exceptional, Frozen, Minutes, Snapshot

MOST_EXCEPTIONS = 10
_MOST = 20
"""Decisions, and actions; more are counted."""
_LONGEST = 300
"""Letters of one line."""
_LONGEST_SUBJECT = 140
_WIDE = 76
_KINDS: dict[DecisionKind, str] = {
    "decision": "", "budget_exception": "Error-budget exception: ", "acceptance": "Risk accepted: ",
}  # fmt: skip


class Part(NamedTuple):
    """A list with its title: what stands in it, how many there are beyond, and what to say where it is empty."""

    title: str
    lines: tuple[str, ...]
    more: int
    empty: str

    @property
    def rest(self) -> str:
        """How many more there are, in words; empty for none."""
        return f"and {count(self.more)} more" if self.more else ""


@dataclass(frozen=True)
class Digest:
    """What is sent, in words: each text is one line that can be shown as it is."""

    subject: str
    sentences: tuple[str, ...]
    parts: tuple[Part, ...]
    closing: str
    link: str | None = None
    """Where the review is; None: the address of Nines is not known."""


def digest(frozen: Frozen, base: str | None = None) -> Digest:
    """What a digest says of a snapshot, and of the minutes where the review is closed; `base` is where people open
    Nines."""
    kept, minutes = frozen.snapshot, frozen.minutes
    parts = [_exceptions(kept)]
    if minutes is not None:
        parts += [_decisions(minutes), _actions(minutes)]
    sentences = [*kept.headline, *([_moved(len(kept.restated))] if kept.restated else [])]
    when = wording.instant(kept.frozen_at, kept.zone)
    return Digest(
        subject=_subject(kept),
        sentences=tuple(line(sentence) for sentence in sentences),
        parts=tuple(parts),
        closing=f"Numbers as they were frozen on {when} ({line(kept.zone)}).",
        link=f"{base.rstrip('/')}/review?{urlencode({'review': kept.period})}" if base else None,
    )


def line(text: str, longest: int = _LONGEST) -> str:
    """A text on one line, without what is invisible or turns the reading direction, cut where it is too long."""
    plain = shown(" ".join(text.split()))
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def as_text(said: Digest) -> str:
    """The plain text of a mail."""
    lines = [*_wrapped(" ".join(said.sentences)), ""]
    for part in said.parts:
        lines += [part.title, *(each for one in part.lines for each in _wrapped(one, "- "))]
        lines += [part.rest or "", ""] if part.lines else [part.empty, ""]
    lines += [*([f"The review: {said.link}"] if said.link else []), *_wrapped(said.closing)]
    text = "\n".join(lines)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return f"{text}\n"


def as_html(said: Digest) -> str:
    """The same as a page without script, picture or foreign address."""
    body = [f"<h1 style='font-size:20px;margin:0 0 12px'>{escape(said.subject)}</h1>"]
    body.append(f"<p>{escape(' '.join(said.sentences))}</p>")
    for part in said.parts:
        body.append(f"<h2 style='font-size:16px;margin:20px 0 4px'>{escape(part.title)}</h2>")
        if not part.lines:
            body.append(f"<p>{escape(part.empty)}</p>")
            continue
        items = "".join(f"<li>{escape(one)}</li>" for one in part.lines)
        body.append(f"<ul style='margin:0;padding-left:20px'>{items}</ul>")
        if part.rest:
            body.append(f"<p>{escape(part.rest)}</p>")
    if said.link:
        body.append(f"<p style='margin-top:20px'><a href='{escape(said.link)}'>Open the review</a></p>")
    body.append(f"<p style='color:#57606a;font-size:13px'>{escape(said.closing)}</p>")
    style = "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.45;color:#1f2328;max-width:640px"
    head = f"<head><meta charset='utf-8'><title>{escape(said.subject)}</title></head>"
    return f"<!doctype html><html lang='en'>{head}<body style='{style}'>{''.join(body)}</body></html>\n"


def _subject(kept: Snapshot) -> str:
    first = kept.headline[0] if kept.headline else kept.title
    lead, colon, rest = first.partition(": ")
    said = rest if colon and kept.title.startswith(lead.removesuffix(", so far")) else first
    return line(f"Reliability review {kept.title}: {said}".removesuffix("."), _LONGEST_SUBJECT)


def _moved(many: int) -> str:
    return f"{wording.capital(count(many))} number{'s' if many != 1 else ''} of earlier reviews moved since."


def _exceptions(kept: Snapshot) -> Part:
    every = [one for section in kept.sections for one in section.exceptions]
    found: list[Exceptional] = list({(one.subject, one.text): one for one in every}.values())
    lines = [one.text for one in sorted(found, key=lambda one: not one.severe)]
    empty = "Nothing missed its target, nothing has really worsened, nothing is overdue."
    return _part("Exceptions", lines, MOST_EXCEPTIONS, empty)


def _decisions(minutes: Minutes) -> Part:
    taken = [_decision(one) for one in minutes.decisions if one.dropped_on is None]
    return _part("Decisions", taken, _MOST, "Nothing was decided.")


def _decision(one: Decision) -> str:
    days = [("until", one.until), ("to be carried out by", one.due)]
    held = [f"{word} {wording.day(on)}" for word, on in days if on is not None]
    who = f"decided by {line(one.decided_by, 80)}"
    return f"{_KINDS[one.kind]}{line(one.what, 200)} ({', '.join([who, *held])})"


def _actions(minutes: Minutes) -> Part:
    asked = [_action(one) for one in minutes.actions if one.dropped_on is None]
    return _part("Actions", asked, _MOST, "No action was asked for.")


def _action(one: Promised) -> str:
    who = line(one.owner, 80) if one.owner else "nobody yet"
    return f"{line(one.title, 200)} ({who}{f', by {wording.day(one.due)}' if one.due else ', without a day'})"


def _part(title: str, lines: Sequence[str], most: int, empty: str) -> Part:
    return Part(title, tuple(line(one) for one in lines[:most]), max(0, len(lines) - most), empty)


def _wrapped(text: str, bullet: str = "") -> Iterable[str]:
    blank = " " * len(bullet)
    return textwrap.wrap(
        text, _WIDE, initial_indent=bullet, subsequent_indent=blank, break_long_words=False, break_on_hyphens=False
    )

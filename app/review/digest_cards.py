"""A digest as a message of Slack (blocks) and of Microsoft Teams (an Adaptive Card, as Workflows take it).

User text stands where neither of the two looks for formatting: in `plain_text` of Slack, in `TextRun` of Teams.
Slack's limits: 50 blocks, 3,000 letters a text, 150 a header (docs.slack.dev/reference/block-kit). Teams takes 28 kB a
message (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from app.review.digest import Digest, Part

MOST_BLOCKS, MOST_LETTERS, MOST_HEADER = 50, 3_000, 150
MOST_BYTES = 27_000
_FEWER = (20, 10, 5, 3, 1)


def as_slack(said: Digest) -> dict[str, Any]:
    """The message that a Slack webhook takes."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(_cut(said.subject, MOST_HEADER))}]
    blocks += [_section(_plain(text)) for text in _chunks(said.sentences, " ")]
    for part in said.parts:
        blocks.append(_section({"type": "mrkdwn", "text": f"*{escaped(part.title)}*", "verbatim": True}))
        blocks += [_section(_plain(text)) for text in _chunks(_lines(part), "\n")]
    last = [_section(_plain(escaped(said.closing)))]
    if said.link:
        link = f"<{escaped(said.link)}|Open the review>"
        last.insert(0, _section({"type": "mrkdwn", "text": link, "verbatim": True}))
    return {
        "text": escaped(said.subject),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [*blocks[: MOST_BLOCKS - len(last)], *last],
    }


def as_teams(said: Digest) -> dict[str, Any]:
    """The message that a workflow "When a Teams webhook request is received" takes; of long lists less, where it would
    be larger than Teams takes."""
    made = _card(said)
    for most in _FEWER:
        if len(encoded(made)) <= MOST_BYTES:
            break
        made = _card(replace(said, parts=tuple(_shorter(part, most) for part in said.parts)))
    return made


def encoded(message: dict[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def escaped(text: str) -> str:
    """A text as Slack wants it: the three letters with a meaning of their own written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _section(text: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": text}


def _lines(part: Part) -> Iterator[str]:
    if not part.lines:
        yield part.empty
    yield from (f"• {one}" for one in part.lines)
    if part.rest:
        yield part.rest


def _cut(text: str, most: int) -> str:
    """The escaped text, cut so that it is no longer than that."""
    if len(escaped(text)) <= most:
        return escaped(text)
    while len(escaped(text)) >= most:
        text = text[:-1]
    return f"{escaped(text.rstrip())}…"


def _chunks(lines: Iterable[str], glue: str) -> Iterator[str]:
    """Lines, escaped, in texts that Slack takes."""
    held = ""
    for one in lines:
        cut = _cut(one, MOST_LETTERS)
        if held and len(held) + len(glue) + len(cut) > MOST_LETTERS:
            yield held
            held = ""
        held = f"{held}{glue}{cut}" if held else cut
    if held:
        yield held


def _shorter(part: Part, most: int) -> Part:
    return part._replace(lines=part.lines[:most], more=part.more + max(0, len(part.lines) - most))


def _card(said: Digest) -> dict[str, Any]:
    body = [_run(said.subject, size="Large", weight="Bolder"), _run(" ".join(said.sentences))]
    for part in said.parts:
        body.append(_run(part.title, weight="Bolder") | {"spacing": "Medium", "separator": True})
        body += [_run(one) | {"spacing": "Small"} for one in _lines(part)]
    body.append(_run(said.closing, size="Small", isSubtle=True) | {"spacing": "Medium"})
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if said.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the review", "url": said.link}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _run(text: str, **look: Any) -> dict[str, Any]:
    """A text that is no Markdown; what a card would take for a date to fill in is taken apart."""
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": text.replace("{{", "{\u2060{") or " ", **look}],
    }

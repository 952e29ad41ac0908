"""What a digest says, and that nothing in it is more than text to a mail program, to Slack or to Teams."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from app.metrics.review_records import Promised
from app.review import digest_cards
from app.review.digest import MOST_EXCEPTIONS, Digest, as_html, as_text, digest
from app.review.snapshot import Frozen
from tests.hostile import EVIL, PAYLOADS
from tests.review import frozen
from tests.review.delivery_case import review

BASE = "https://nines.example.com"


def everywhere(text: str) -> Frozen:
    """A closed review with the same text in every field of words."""
    full = frozen.full()
    assert full.minutes
    decisions = tuple(replace(one, what=text, why=text, decided_by=text) for one in full.minutes.decisions)
    actions = tuple(one._replace(title=text, owner=text, url=text) for one in full.minutes.actions)
    sections = tuple(
        replace(one, finding=text, exceptions=tuple(replace(each, text=text, owner=text) for each in one.exceptions))
        for one in full.snapshot.sections
    )
    return replace(
        full,
        snapshot=replace(full.snapshot, title=text, headline=(text, text), sections=sections, zone="UTC"),
        minutes=replace(full.minutes, decisions=decisions, actions=actions),
    )


def said(of: Frozen | None = None) -> Digest:
    return digest(of or review(), BASE)


def test_it_says_the_headline_first_and_in_its_subject() -> None:
    made = said()

    assert made.subject == "Reliability review October 2026: 11 of 14 tier-0 SLOs met"
    assert made.sentences[:2] == (
        "October 2026: 11 of 14 tier-0 SLOs met.",
        "Customers were affected for 212 minutes.",
    )
    assert made.sentences[2] == "Two numbers of earlier reviews moved since."
    assert made.link == "https://nines.example.com/review?review=2026-10"
    assert made.closing.startswith("Numbers as they were frozen on 3 Nov 2026 ")


def test_the_severest_exceptions_come_first_ten_of_them_and_the_rest_is_counted() -> None:
    (part, *_) = said().parts

    assert part.title == "Exceptions"
    assert len(part.lines) == MOST_EXCEPTIONS
    assert part.lines[0].startswith("Time to restore: 95 min")
    assert "was due on 12 Oct 2026" in part.lines[1]
    assert sum(line.startswith("Time to restore") for line in part.lines) == 1, "of two steps, and told once"
    assert part.rest == "and five more"


def test_decisions_and_actions_have_who_and_when_once_the_review_is_closed() -> None:
    _, decisions, actions = said().parts

    assert decisions.lines[0] == (
        "Error-budget exception: Checkout may ship during the freeze (decided by Grace, until 30 Nov 2026)"
    )
    assert actions.lines[0].endswith("over by hand (Ada, by 1 Dec 2026)")
    assert [part.title for part in digest(replace(review(), minutes=None)).parts] == ["Exceptions"]


def test_a_review_with_nothing_in_it_says_so() -> None:
    text = as_text(digest(frozen.bare()))

    assert text.startswith("October 2026: no data.\n")
    assert "Nothing missed its target, nothing has really worsened, nothing is overdue." in text
    assert "http" not in text


def test_an_action_without_owner_or_day_says_so() -> None:
    full = review()
    assert full.minutes
    bare = Promised("review", "1", "2026-10", "Look into it", None, None, full.minutes.closed_at)
    none = replace(full, minutes=replace(full.minutes, actions=(bare,), decisions=()))

    _, decisions, actions = digest(none).parts

    assert actions.lines == ("Look into it (nobody yet, without a day)",)
    assert decisions.empty == "Nothing was decided."


def test_nobody_who_only_came_commented_or_took_notes_is_named() -> None:
    text = as_text(said(frozen.full()))

    assert "Owner 3 of" not in text
    assert "The long one was the database" not in text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style", "href", "charset", "lang"}
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_harmful_text_is_text_in_a_mail(number: int) -> None:
    made = said(everywhere(PAYLOADS[number]))
    page = Tags()
    page.feed(as_html(made))

    own = {"html", "head", "meta", "title", "body", "h1", "h2", "p", "ul", "li", "a"}
    assert page.tags <= own
    assert page.links == [made.link]
    assert made.sentences[0] in page.text
    for text in (made.subject, as_text(made), page.text):
        assert not {"\x1b", "\x07", "\u202e", "\u2066"} & set(text)
    assert "\n" not in made.subject
    assert len(made.subject) <= 140
    assert all(len(line) < 1_000 for line in as_text(made).splitlines())


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_harmful_text_is_text_in_slack(number: int) -> None:
    message = digest_cards.as_slack(said(everywhere(PAYLOADS[number])))

    assert len(message["blocks"]) <= 50
    assert message["mrkdwn"] is False
    for block in message["blocks"]:
        text = block["text"]
        assert block["type"] in ("header", "section")
        assert 0 < len(text["text"]) <= (150 if block["type"] == "header" else 3_000)
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            assert EVIL not in text["text"], "what Slack formats is our own"
        else:
            assert text["type"] == "plain_text"
            assert text["emoji"] is False
            assert not {"<", ">"} & set(text["text"])
    assert not {"<", ">"} & set(message["text"])


@pytest.mark.parametrize("number", range(len(PAYLOADS)))
def test_harmful_text_is_text_in_teams(number: int) -> None:
    message = digest_cards.as_teams(said(everywhere(PAYLOADS[number])))

    (attachment,) = message["attachments"]
    card = attachment["content"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["type"] == "AdaptiveCard"
    assert [(one["type"], one["url"]) for one in card["actions"]] == [("Action.OpenUrl", said().link)]
    assert all(block["type"] == "RichTextBlock" for block in card["body"]), "no text is Markdown"
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    assert "{{" not in json.dumps(message)
    assert len(digest_cards.encoded(message)) <= 28_000


def test_what_slack_is_sent_reads_as_it_was_written() -> None:
    message = digest_cards.as_slack(said(everywhere("a < b & c > d *e* _f_ :smile: <!channel>")))

    texts = " ".join(block["text"]["text"] for block in message["blocks"])
    assert "a &lt; b &amp; c &gt; d *e* _f_ :smile: &lt;!channel&gt;" in texts


def test_a_long_digest_fits_into_teams_and_tells_how_much_it_leaves_out() -> None:
    full = review()
    assert full.minutes
    many = tuple(full.minutes.actions[0]._replace(title="ñ" * 200, owner="ŵ" * 80, action=str(at)) for at in range(60))
    long = replace(full, minutes=replace(full.minutes, actions=many))

    message: dict[str, Any] = digest_cards.as_teams(said(long))

    assert len(digest_cards.encoded(message)) <= digest_cards.MOST_BYTES
    runs = [run["text"] for block in message["attachments"][0]["content"]["body"] for run in block["inlines"]]
    shown = sum(text.startswith("• ñ") for text in runs)
    assert 0 < shown <= 20
    assert f"and {60 - shown} more" in runs

"""The parts of one risk's story as markup: what to mend, who accepted it, how it was rated, and who did what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from app.charts import wording
from app.charts.theme import VerdictKey
from app.metrics.acceptances import Judged, State, ends
from app.metrics.risk_findings import Finding
from app.metrics.risk_records import Assessment, Comment, Review, RiskKey, Treatment
from app.policy import Policy
from app.store.register_reads import Linked, Listed, Story, Told
from app.store.register_versions import Held
from app.ui import forms_row, tables, tiles
from app.ui.audit_changes import changes
from app.ui.markup import Markup, Part, button, el, join

STATE: Mapping[State, tuple[VerdictKey, str]] = {
    "proposed": ("unsure", "waits for a decision"),
    "active": ("met", "in force"),
    "risen": ("missed", "level has risen since"),
    "expired": ("missed", "ran out"),
    "revoked": ("no_target", "revoked"),
    "withdrawn": ("no_target", "withdrawn"),
    "declined": ("no_target", "declined"),
    "replaced": ("no_target", "replaced by a later one"),
}
_KINDS = {"incident": "Incident", "slo": "SLO", "dr_test": "DR test", "action": "Action", "risk": "Risk"}
_ACTS = {
    "create": "entered it", "edit": "edited it", "assess": "rated it", "review": "reviewed it", "close": "closed it",
    "reopen": "opened it again", "link": "linked it", "unlink": "took a link away", "comment": "commented",
    "undo": "undid a change", "propose": "asked to accept it", "approve": "accepted it", "decline": "declined",
    "revoke": "revoked the acceptance", "withdraw": "withdrew the request", "bulk": "changed it with others",
    "sheet": "changed it by a sheet", "import": "brought it from a file", "add": "added an action",
    "change": "changed an action", "cancel": "cancelled an action",
}  # fmt: skip
_FEW = 6
"""Of a list, what is shown before it is folded."""


def findings(story: Story, may: bool) -> Markup | None:
    """What is odd or waits, each with the button that opens the form that mends it; None where nothing is."""
    found = story.row.findings
    if not found:
        return None
    title = "One thing to mend" if len(found) == 1 else f"{len(found)} things to mend"
    items = [_finding(one, story.row, may) for one in found]
    return _card(title, "Derived from what is known today; each goes by itself once it is mended", items)


def _finding(one: Finding, row: Listed, may: bool) -> Markup:
    act = forms_row.mending(one, row, may)
    return el("li", el("div", el("span", one.sentence), act, cls="row"), el("p", f"{one.to_do}.", cls="why"))


def acceptances(story: Story, policy: Policy) -> Markup:
    """Everything that was asked for, with its state now."""
    signed = story.acceptances
    held = next((one for one in signed if one.state in ("active", "risen")), None)
    title = f"Accepted until {wording.day(held.acceptance.valid_until)}" if held else "No acceptance is in force"
    entry = story.held.entry
    if held is None and entry.accepted_by is not None and not signed:
        title = f"Accepted by {entry.accepted_by}, as its file says"
    items = [_acceptance(one, policy) for one in signed]
    sub = "Asked for by one, signed by another; each holds to the end of its last day, at the level it was signed for"
    return _card(title, sub, items or [el("li", el("p", "None was asked for.", cls="muted"))])


def _acceptance(one: Judged, policy: Policy) -> Markup:
    asked = one.acceptance
    zone = policy.timezone
    parts = [f"Asked by {asked.asked_by} on {wording.instant(asked.asked_at, zone)}"]
    for words, who, at, why in (
        ("accepted", asked.approved_by, asked.approved_at, asked.note),
        ("declined", asked.declined_by, asked.declined_at, asked.declined_why),
        ("taken back", asked.revoked_by, asked.revoked_at, asked.revoked_why),
    ):
        if at is not None:
            parts.append(f"{words} by {who} on {wording.instant(at, zone)}" + (f": “{why}”" if why else ""))
    level = f"level {asked.score} ({policy.risk.band(asked.score).name}), until {wording.day(asked.valid_until)}"
    cost = f", {wording.value(asked.loss, 'money', currency=policy.currency)} a year" if asked.loss is not None else ""
    return el(
        "li",
        el("div", tiles.verdict(*STATE[one.state]), el("span", f"{level}{cost}", cls="small"), cls="row"),
        el("p", f"“{asked.reason}”" + (f" Conditions: {asked.conditions}" if asked.conditions else "")),
        el("p", f"{'; '.join(parts)}.", cls="why"),
    )


def ratings(story: Story, policy: Policy) -> Markup:
    """How it was rated, the latest first, each with what moved."""
    rated = story.assessments
    items = []
    for one, before in zip_longest(rated, rated[1:]):
        items.append(_rating(one, before, policy))
    scores = [one.likelihood * one.impact for one in rated]
    title = f"Rated {len(rated)} time{'s' if len(rated) != 1 else ''}" if rated else "Never rated by a form"
    if len(set(scores)) > 1:
        title += f": {' → '.join(str(score) for score in reversed(scores[:_FEW]))}"
    return _card(title, "Likelihood × impact, and why", items or [_none("Its level is as its file has it.")])


def _rating(one: Assessment, before: Assessment | None, policy: Policy) -> Markup:
    score = one.likelihood * one.impact
    was = before.likelihood * before.impact if before else score
    scales = policy.risk
    words = f"{scales.likelihood[one.likelihood - 1]} × {scales.impact[one.impact - 1]}"
    moved = "" if score == was else f", {'up' if score > was else 'down'} from {was}"
    return el(
        "li",
        el(
            "div",
            el("span", f"{score} ({scales.band(score).name})", el("span", f" {words}{moved}", cls="small muted")),
            el("span", wording.instant(one.at, policy.timezone), cls="small muted"),
            cls="row",
        ),
        el("p", f"{one.by}" + (f": “{one.why}”" if one.why else ""), cls="why"),
    )


def looks(story: Story, policy: Policy) -> Markup:
    """Reviews and comments, the latest first."""
    said: list[tuple[datetime, Markup]] = [(one.at, _review(one, policy)) for one in story.reviews]
    said += [(one.at, _comment(one, policy)) for one in story.comments]
    kept = sorted(said, key=lambda pair: pair[0], reverse=True)
    many = sum(one.undone_at is None for one in story.reviews)
    title = f"Reviewed {many} time{'s' if many != 1 else ''}" if many else "Not reviewed yet"
    if story.comments:
        title += f", {len(story.comments)} comment{'s' if len(story.comments) != 1 else ''}"
    return _card(title, "What was found and said", [one for _, one in kept] or [_none("Nobody has said anything.")])


def _review(one: Review, policy: Policy) -> Markup:
    gone = ", undone" if one.undone_at else ""
    head = f"Review of {wording.day(one.on)}{gone}; next by {wording.day(one.next_on)}"
    return el("li", el("div", el("span", head), el("span", one.by, cls="small muted"), cls="row"), _quoted(one.note))


def _comment(one: Comment, policy: Policy) -> Markup:
    when = wording.instant(one.at, policy.timezone)
    head = el("div", el("span", "Comment"), el("span", f"{one.by}, {when}", cls="small muted"), cls="row")
    return el("li", head, _quoted(one.text))


def _quoted(text: str) -> Markup:
    return el("p", text, cls="why said")


def links(story: Story, policy: Policy, may: bool) -> Markup | None:
    """What it has to do with, each leading to its page; None where nothing is linked."""
    items = [_linked(one, policy, may) for one in story.links]
    items += [
        el("li", el("div", button(f"Risk {key.id}", act=_opens_risk(key)), el("span", "links to this one"), cls="row"))
        for key in story.linked_from
    ]
    if not items:
        return None
    title = f"Linked to {len(items)} thing{'s' if len(items) != 1 else ''}"
    return _card(title, "Incidents, SLOs, DR tests and other risks", items)


def _opens_risk(key: RiskKey) -> dict[str, str]:
    return {"do": "open", "place": "risk", "risk": key.id, "source": key.source}


def _linked(one: Linked, policy: Policy, may: bool) -> Markup:
    link = one.link
    opens: Mapping[str, dict[str, str]] = {
        "incident": {"do": "open", "place": "incident", "incident": link.id, "source": link.source},
        "slo": {"do": "open", "place": "slos", "slo": link.id},
        "dr_test": {"do": "open", "place": "dr_tests", "test": link.id, "source": link.source},
        "risk": _opens_risk(RiskKey(link.source, link.id)),
    }
    name: Part = f"{one.title or link.id}"
    if one.title is not None and link.kind in opens:
        name = button(name, act=opens[link.kind])
    at = one.at
    when = wording.instant(at, policy.timezone) if isinstance(at, datetime) else wording.day(at) if at else ""
    known = "" if one.title is not None else "no longer known"
    about = " · ".join(part for part in (_KINDS[link.kind], link.id, one.state or "", when, known) if part)
    away = button("Take away", act={"do": "form", "form": "unlink", "item": str(link)}, cls="link small")
    return el("li", el("div", el("span", name), away if may else None, cls="row"), el("p", about, cls="why"))


def plan(story: Story, policy: Policy, as_of: datetime, may: bool) -> Markup | None:
    """What is done about it: progress, and each action with its plan; None without any."""
    some = story.actions
    if not some:
        return None
    kept = [one for one in some if one.entry.cancelled_at is None]
    done = sum(one.entry.closed_at is not None for one in kept)
    late = story.row.overdue_actions
    title = f"Plan: {done} of {len(kept)} done" + (f", {late} overdue" if late else "")
    heads = ("Action", "State", "Owner", "Due", "Cost", "Expected", "")
    rows = [_action(one, policy, as_of, may) for one in sorted(some, key=_order)]
    head = el("thead", el("tr", *(el("th", name, scope="col") for name in heads)))
    table = el("table", head, el("tbody", join(*rows)), cls="rows tight")
    bar = el("progress", value=done, max=max(len(kept), 1), aria_label=title)
    return el("section", el("h2", title), bar, el("div", table, cls="scroll", tabindex="0"), cls="card section")


def _order(one: Held[Treatment]) -> tuple[bool, str, str]:
    gone = one.entry.closed_at is not None or one.entry.cancelled_at is not None
    return gone, str(one.entry.due_on or "9"), one.key.id


def _action(held: Held[Treatment], policy: Policy, as_of: datetime, may: bool) -> Markup:
    one = held.entry
    pending = one.closed_at is None and one.cancelled_at is None
    late = pending and one.due_on is not None and as_of >= ends(one.due_on, policy.timezone)
    state: tuple[VerdictKey, str] = ("missed", "overdue") if late else ("unsure", "open")
    if one.closed_at is not None:
        helped = {"effective": ("met", "done, it worked"), "ineffective": ("missed", "done, it did not work")}
        state = helped.get(one.outcome or "", ("met", "done"))  # type: ignore[assignment]
    elif one.cancelled_at is not None:
        state = ("no_target", "cancelled")
    item = {"do": "form", "item": list(held.key)}
    acts = [
        button(label, act={**item, "form": form}, cls="link small")
        for form, label in (("change_action", "Change"), ("close_action", "Done"), ("cancel_action", "Cancel"))
    ]
    expected = [
        f"{words} × {factor:g}"
        for words, factor in (("events", one.events_factor), ("loss", one.loss_factor))
        if factor is not None
    ]
    if one.to_likelihood is not None and one.to_impact is not None:
        expected.append(f"level {one.to_likelihood * one.to_impact}")
    cost = wording.value(one.cost, "money", currency=policy.currency) if one.cost is not None else ""
    return el(
        "tr",
        el("td", one.title, " " if one.url else None, tables.link(one.url), cls="wide"),
        el("td", tiles.verdict(*state)),
        el("td", one.owner or "nobody"),
        el("td", wording.day(one.due_on) if one.due_on else "no date"),
        el("td", cost, cls="number"),
        el("td", ", ".join(expected)),
        el("td", el("span", *acts, cls="acts") if may and pending else None),
    )


def trail(story: Story, policy: Policy) -> Markup:
    """Every entry of the audit trail about it and its actions: who, what, when, why, and what was."""
    items = [_entry(one, policy.timezone) for one in story.audit]
    title = f"History: {len(items)} entr{'y' if len(items) == 1 else 'ies'}"
    if not items:
        said = "Nothing was changed here since it came in."
        return el("section", el("h2", "History"), el("p", said, cls="muted"), cls="card section")
    shown = el("ol", join(*items[:_FEW]), cls="trail")
    rest = items[_FEW:]
    more = el("details", el("summary", f"{len(rest)} earlier"), el("ol", join(*rest), cls="trail")) if rest else None
    return el("section", el("h2", title), el("p", "Who, what, when, why", cls="sub"), shown, more, cls="card section")


def _entry(one: Told, zone: str) -> Markup:
    found = changes(one.old, one.new)
    rows = [
        el(
            "div",
            el("dt", change.field or "value"),
            el("dd", el("span", "was ", cls="hush"), el("del", change.old or "blank"), cls="old"),
            el("dd", el("span", "is ", cls="hush"), el("ins", change.new or "taken away"), cls="new"),
        )
        for change in found
    ]
    did = _ACTS.get(one.action, f"{one.action} it") if one.entity == "risks" or one.action != "close" else "did it"
    which = f" {one.entity_id.partition('/')[2]}" if one.entity == "actions" else ""
    return el(
        "li",
        el(
            "div",
            el("p", el("b", one.actor), f" {did}{which}"),
            el("p", wording.instant(one.at, zone), cls="muted small"),
            cls="did",
        ),
        el("p", f"“{one.why}”", cls="why") if one.why else None,
        el("dl", join(*rows), cls="changes") if rows else None,
    )


def _none(said: str) -> Markup:
    return el("li", el("p", said, cls="muted"))


def _card(title: str, sub: str, items: Sequence[Markup]) -> Markup:
    rest = items[_FEW:]
    more = el("details", el("summary", f"{len(rest)} more"), el("ul", join(*rest), cls="items")) if rest else None
    return el(
        "section",
        el("h2", title),
        el("p", sub, cls="sub"),
        el("ul", join(*items[:_FEW]), cls="items"),
        more,
        cls="card section flush",
    )

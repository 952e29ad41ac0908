"""What is to mend in the register now, kind by kind: each risk with what is said of it, and the buttons that open the
forms which mend it. The findings are those of one risk's page (`risk_findings`)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from app.metrics import risk_findings
from app.metrics.register import Standing
from app.metrics.risk_findings import KEYS, Finding, Key
from app.people import Person
from app.store.register_reads import Listed
from app.ui import forms_row, who
from app.ui.markup import Markup, button, el, join
from app.ui.risks import Now, Shown, opens
from app.ui.risks_parts import moved

KINDS: Mapping[Key, str] = {
    "bare": "above appetite, with neither an open action nor a live acceptance",
    "acceptance_expired": "whose acceptance ran out",
    "acceptance_risen": "standing higher than what was accepted",
    "unaccepted": "to be accepted, without a live acceptance",
    "review_overdue": "whose review is overdue",
    "action_overdue": "with an action that is overdue",
    "incident_since_review": "with a linked incident since the last look",
    "acceptance_expiring": "whose acceptance ends within 30 days",
    "acceptance_waiting": "with an acceptance that waits for a decision",
    "endless": "accepted without a last day",
    "above_inherent": "rated higher now than before anything was done",
    "lowered_without_action": "rated lower than at first, without any action that could have lowered it",
    "no_action": "to be treated, and nobody has an action",
    "no_owner": "that nobody owns",
    "level_contradicts": "whose stated level contradicts the matrix",
    "target_above": "whose target is higher than where it stands",
    "no_evidence": "rated lower than at first, and nothing shows that it works",
    "no_review": "without a day of review",
    "no_service": "naming no service that is known",
    "unpriced": "not stated in money",
    "closed_undated": "closed, but on no day",
}
"""Finding → how several risks with it are called; a DR gap is a service's, not a risk's."""
_FOLDED = 25


def shown(page: Shown) -> Markup | None:
    """Every kind of finding that there is, the most pressing first; None where nothing is to mend."""
    return _shown(page.now, who.person())


@lru_cache(maxsize=32)
def _shown(now: Now, by: Person) -> Markup | None:
    """As this person sees it, who is the one at work."""
    may = forms_row.touching()
    having = [(key, now.having(key)) for key in KEYS if key in KINDS]
    found = [_kind(key, some, may) for key, some in having if some]
    if now.gaps:
        found.append(_gaps(now, may))
    return el("section", join(*found), cls="card section flush findings") if found else None


def _kind(key: Key, having: Sequence[tuple[Standing, Listed]], may: forms_row.May) -> Markup:
    found = [(one, row, _of(key, row)) for one, row in having[:_FOLDED]]
    rows = [
        el(
            "tr",
            el(
                "td",
                button(one.risk.title, act=opens(one.risk), cls="link"),
                el("p", said.sentence, cls="why"),
                cls="wide",
            ),
            el("td", moved(one)),
            el("td", one.risk.owner),
            el("td", forms_row.mending(said, row, may(row.entry.services or ()))),
        )
        for one, row, said in found
    ]
    many = len(having)
    title = f"{many:,} risk{'s' if many != 1 else ''} {KINDS[key]}"
    return _folded(title, f"{found[0][2].to_do}.", ("Risk", "Level", "Owner", ""), rows, many)


def _of(key: Key, row: Listed) -> Finding:
    return next(finding for finding in row.findings if finding.key == key)


def _gaps(now: Now, may: forms_row.May) -> Markup:
    held = now.services
    rows = [
        el(
            "tr",
            el("td", held[name].name, el("p", risk_findings.gap(held[name].name).sentence, cls="why"), cls="wide"),
            el("td", f"Tier {held[name].tier}"),
            el("td", held[name].team),
            el(
                "td",
                button("Enter a risk", act={"do": "form", "form": "create", "item": name}) if may((name,)) else None,
            ),
        )
        for name in now.gaps[:_FOLDED]
        if name in held
    ]
    many = len(now.gaps)
    which = f"{many:,} service{'s' if many != 1 else ''} of tier 0 or 1"
    title = f"{which}, not tested for recovery in time, and in no open risk"
    mend = f"Test {'them' if many != 1 else 'it'}, or write down what may happen until somebody does."
    return _folded(title, mend, ("Service", "Tier", "Team", ""), rows, many)


def _folded(title: str, mend: str, heads: Sequence[str], rows: Sequence[Markup], many: int) -> Markup:
    more = f"The first {_FOLDED} are shown." if many > _FOLDED else None
    head = el("thead", el("tr", *(el("th", name or el("span", "Mend it", cls="hush"), scope="col") for name in heads)))
    return el(
        "details",
        el("summary", el("b", title), el("span", mend, cls="why")),
        el("div", el("table", head, el("tbody", join(*rows)), cls="rows mend"), cls="scroll", tabindex="0"),
        el("p", more, cls="muted small") if more else None,
    )

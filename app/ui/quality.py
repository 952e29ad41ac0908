"""The quality list in words: what is odd about facts that were kept, what a number makes of it, and how to mend it."""

from collections.abc import Sequence
from typing import NamedTuple

from app.records import ENTITIES
from app.store.quality import OPEN_DAYS, SILENT_DAYS, Finding
from app.ui.markup import Markup, el, join

NOUNS = {
    "sli": ("SLI row", "SLI rows"),
    "slos": ("SLO", "SLOs"),
    "dr_tests": ("DR test", "DR tests"),
    "exclusions": ("exclusion", "exclusions"),
    "pages": ("page", "pages"),
}
"""What facts of an entity are called, where its name does not say."""


class Told(NamedTuple):
    title: str
    effect: str
    """What the numbers make of it."""
    mend: str
    """What to do."""
    headings: tuple[str, str]
    """Of the examples: what is named, and what is said of it."""


def noun(entity: str, count: int) -> str:
    """One, or several, facts of an entity: "incident", "incidents"."""
    one, several = NOUNS.get(entity, (entity.removesuffix("s").replace("_", " "), entity.replace("_", " ")))
    return one if count == 1 else several


def counted(entity: str, count: int) -> str:
    """ "1 incident", "1,204 pages"."""
    return f"{count:,} {noun(entity, count)}"


def told(finding: Finding) -> Told:
    """A finding in words."""
    several, many = counted(finding.entity, finding.facts), finding.facts != 1
    file, column = f"{finding.entity}.csv", finding.column or ""
    match finding.kind:
        case "unknown_link":
            return _unknown_link(finding, several, many)
        case "backwards":
            return Told(
                f"{several} with {column} before {finding.earlier}",
                f"Left out of the number that takes this interval; every other one counts {'them' if many else 'it'}.",
                f"Correct the two times in the tool they come from, or in {file}, and import again.",
                ("Fact", "What it says"),
            )
        case "no_end":
            return Told(
                f"{several} detected more than {OPEN_DAYS} days ago and never ended",
                "Not in time to restore; the impact of those with customers affected counts up to now.",
                f"If {_they(many)} over, enter mitigated_at or resolved_at in the tool or in {file}, and import again.",
                ("Incident", "Detected"),
            )
        case "impact_no_end":
            return Told(
                f"{several} without an end though the incident is over",
                "Customer impact minutes and downtime cost count up to now.",
                f"Enter the end in {file} and import again.",
                ("Impact", "Started"),
            )
        case "no_start":
            return Told(
                f"{several} without a start",
                "Left out of time to detect; everything else counts them from their detection.",
                f"Enter started_at in the tool or in {file}: when the trouble began, not when it was noticed.",
                ("Incident", "Detected"),
            )
        case "no_service":
            return Told(
                f"{several} that {'name' if many else 'names'} no service",
                "Counted for the company, but for no tier, team or service.",
                f"Name the services in {file}, with ; between them, or add rows to impacts.csv.",
                ("Incident", "Title"),
            )
        case _:
            return _of_things(finding, several, many)


def _unknown_link(finding: Finding, several: str, many: bool) -> Told:
    target = ENTITIES[finding.entity].links[finding.column or ""]
    one = noun(target, 1)
    if target in ("services", "teams"):
        effect = f"Kept and counted for the company, but for no tier{', team' if target == 'teams' else ''} or service."
        mend = f"Add the {target} to {target}.csv, or correct the name where it is misspelt, and import again."
    else:
        effect = "Kept; what follows from the link is not counted."
        mend = f"Import the {target} as well, or correct {finding.column} in {finding.entity}.csv."
    names = len(finding.examples)
    shown = f"{names:,} {noun(target, names)}" if names < 100 else f"many {target}"
    what = f"an unknown {one}" if names == 1 else f"unknown {target}: {shown}"
    return Told(
        f"{several} {'name' if many else 'names'} {what}",
        effect,
        mend,
        (f"Unknown {one}", "Facts that name it"),
    )


def _of_things(finding: Finding, several: str, many: bool) -> Told:
    file = f"{finding.entity}.csv"
    match finding.kind:
        case "slo_no_data":
            return Told(
                f"{several} without a single SLI row",
                "No data on every screen; in no share of SLOs met, for good or bad.",
                "Import its rows in sli.csv under the same slo, or remove the definition where it was replaced.",
                ("SLO", "Name"),
            )
        case "slo_silent":
            return Told(
                f"{several} that went silent {SILENT_DAYS} days ago or more",
                "Lately no data: its budget and compliance say so, and coverage falls.",
                "Check the job that measures it, then import the missing rows of sli.csv.",
                ("SLO", "Last row"),
            )
        case "no_slo":
            return Told(
                f"{several} of tier 0 or 1 without an SLO",
                "Nothing promises, or measures, how reliable they are; SLO numbers do not speak of them.",
                "Agree on an objective with the owner and add it to slos.csv, or correct the tier.",
                ("Service", "Tier"),
            )
        case "future":
            return Told(
                f"{several} in the future",
                f"{'Do' if many else 'Does'} not exist for any number until the time has come.",
                f"Mostly a wrong year or a lost offset: correct {finding.column} in {file}, and import again.",
                ("Fact", "When"),
            )
        case "differs":
            return Told(
                f"{several} that two sources tell differently",
                "One of them is taken for the tier and the team of everything that happened there.",
                "Decide which source owns the service and mend, or stop importing, the other.",
                ("Service", "What each source says"),
            )
    return Told(
        f"{several} executed without a result",
        "Left out of the DR pass rate; counted as executed.",
        f"Enter passed, partial or failed in {file}, and import again.",
        ("DR test", "Name"),
    )


def _they(many: bool) -> str:
    return "they are" if many else "it is"


def listed(findings: Sequence[Finding]) -> Markup:
    """The list: each with its effect, what to do, and the facts, folded away."""
    return el("section", join(*(_item(finding) for finding in findings)), cls="card section flush findings")


def _item(finding: Finding) -> Markup:
    said = told(finding)
    rows = [
        el("tr", el("td", one.id), el("td", one.said, cls="wide"), el("td", one.source)) for one in finding.examples
    ]
    heads = el("thead", el("tr", *(el("th", head, scope="col") for head in (*said.headings, "Source"))))
    more = f"The first {len(rows):,} are shown." if len(rows) == 100 else None
    return el(
        "details",
        el("summary", el("b", said.title), el("span", said.effect, cls="why")),
        el("p", el("b", "What to do: "), said.mend),
        el("div", el("table", heads, el("tbody", join(*rows)), cls="rows"), cls="scroll", tabindex="0"),
        el("p", more, cls="muted small") if more else None,
    )

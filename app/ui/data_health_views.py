"""The parts of Data health: sources with their coverage, rows set aside, the quality list, imports."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from app.charts import wording
from app.metrics.periods import local_day
from app.people import NotAllowed
from app.store.runs import Aside, Run
from app.ui import (
    coverage,
    data_health,
    data_health_live,
    data_health_mapping,
    filters,
    mending,
    privacy,
    quality,
    read,
    tables,
    tiles,
    who,
)
from app.ui.board import board
from app.ui.data_health import Health
from app.ui.lead import heading
from app.ui.markup import Markup, el, join, plain
from app.ui.tables import ACT, Column

MOST_ROWS = 5_000
"""More rows set aside than this are exported, not listed."""
_LONGEST = 120


def sources(health: Health) -> None:
    """What each source brought, up to when, whether it is late; the months with facts; each kind of fact."""
    tables.table(
        "health_sources",
        [
            Column("source", "Source"),
            Column("state", "In time?", show=_due),
            Column("last", "Last fact", show=_instant(health), number=True),
            Column("lag", "Age", show=lambda lag: data_health.age(lag) if lag is not None else "", number=True),
            Column("entities", "Brings", wide=True),
            Column("facts", "Facts", show=_count, number=True),
            Column("imported", "Last import", show=_instant(health), number=True),
            Column("aside", "Set aside", show=_late_count, number=True),
        ],
        data_health.source_rows(health),
        search=False,
        foot=_due_foot(health),
    )
    data_health_live.show(health)
    data_health_mapping.show(health)
    directory = read.directory()
    chosen = local_day(health.as_of if directory.empty else filters.asked().period.start, health.zone)
    shown = coverage.months(chosen, directory.last, health.zone)
    counts = data_health.by_month(shown)
    title, said = covered(counts, shown)
    drawn = coverage.coverage_map(counts, shown, local_day(health.as_of, health.zone))
    board(
        el(
            "section",
            el("h2", title),
            el("p", said, cls="sub"),
            el("div", drawn, cls="scroll", tabindex="0"),
            cls="card section flush",
        ),
        key="health_coverage",
    )
    board(heading("Each kind of fact", "What every source gave of it, and from when to when."), key="health_kinds_head")
    tables.table(
        "health_kinds",
        [
            Column("entity", "Facts of"),
            Column("source", "Source"),
            Column("facts", "Facts", show=_count, number=True),
            Column("first", "First", show=_instant(health), number=True),
            Column("last", "Last", show=_last(health), number=True),
            Column("imported", "Last import", show=_instant(health), number=True),
            Column("aside", "Set aside", show=_late_count, number=True),
        ],
        data_health.kind_rows(health),
        file="sources",
        page_rows=30,
    )


def covered(counts: coverage.Counts, shown: Sequence[Any]) -> tuple[str, str]:
    """What the coverage map finds, and how to read it."""
    gaps = coverage.holes({key: row for key, row in counts.items() if key[0] in coverage.MONTHLY}, shown)
    filled = [month for at, month in enumerate(shown) if any(row[at] for row in counts.values())]
    if not filled:
        title = "Coverage: no dated fact in these months"
    elif len(filled) == 1:
        title = f"Coverage: all dated facts lie in {wording.period(filled[0].key)}"
    elif not gaps:
        title = "Coverage: no month is missing of what comes every month"
    else:
        count = sum(len(months) for months in gaps.values())
        kinds = wording.listed([entity.replace("_", " ") for entity in dict.fromkeys(entity for entity, _ in gaps)])
        title = f"Coverage: {count} empty month{'' if count == 1 else 's'} between filled ones, in {kinds}"
    said = (
        f"Facts a month, to {wording.period(shown[-1].key)}; stronger is more, within a row. A dashed cell "
        "holds none; with a dash in it there are facts before and after: either nothing happened, or a file is missing."
    )
    return title, said


def set_aside(health: Health) -> None:
    """The rows that were not kept, each with its reason, and as files to mend."""
    if not health.set_aside:
        _calm(
            "Nothing is set aside",
            "Every row that was read is kept. One that cannot be kept would wait here with its reason.",
        )
        return
    rows = data_health.set_aside(limit=MOST_ROWS)
    entities = sorted({row.entity for row in rows})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        only = st.selectbox(
            "Facts of", ["All kinds", *entities], key="aside_entity", label_visibility="collapsed", width=180
        ) if len(entities) > 1 else None  # fmt: skip
        wanted = [row for row in rows if only in (None, "All kinds", row.entity)]
        _mend_button(wanted if only not in (None, "All kinds") else data_health.set_aside())
    st.caption(
        "Correct the rows in this file, or in the tool they come from, and import again: those that fit then leave the "
        "list. The columns that begin with rejected_ are passed over."
    )
    if health.set_aside > len(rows):
        st.caption(f"The first {len(rows):,} of {health.set_aside:,} are listed; the file holds all.")
    tables.table("health_aside", _aside_columns(), [_aside_row(row) for row in wanted])


def _mend_button(rows: Sequence[Aside]) -> None:
    """The rows whole, as they were read: for who may import them again."""
    try:
        who.person().must("write", everywhere=True)
    except NotAllowed as refused:
        st.caption(plain(str(refused)))
        return
    name = "rejects.zip" if len({row.entity for row in rows}) > 1 else f"{rows[0].entity}-rejects.csv"
    st.download_button(
        f"Download {len(rows):,} row{'' if len(rows) == 1 else 's'} to mend",
        data=lambda: mending.file(rows)[2],
        file_name=name,
        mime="application/zip" if name.endswith(".zip") else "text/csv",
        key="aside_mend",
        on_click="ignore",
        icon=":material/download:",
        type="primary",
    )


def _aside_columns() -> list[Column]:
    return [
        Column("file", "File"),
        Column("line", "Line", show=_count, number=True),
        Column("column", "Column"),
        Column("value", "Value", show=_clipped),
        Column("reason", "Why", wide=True),
        Column("source", "Source"),
    ]


def _aside_row(row: Aside) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in ("file", "line", "column", "source")}
    return shown | {name: privacy.veiled(getattr(row, name), row.row) for name in ("value", "reason")}


def quality_list(health: Health) -> None:
    """What is odd about facts that were kept, and what to do."""
    if not health.findings:
        _calm(
            "The quality list is empty",
            "No interval runs backwards, no end is missing, every link points at something known, every SLO has data.",
        )
        return
    st.caption("These facts are kept. Each says what the numbers make of it; open it for what to do, and to see which.")
    board(quality.listed(health.findings), key="health_quality")


def imports(health: Health) -> None:
    """Every import, and one of them in detail."""
    if not health.runs:
        _calm("No import yet", "Upload files here, or run nines import.")
        return
    clicked = tables.table(
        "health_runs",
        [
            Column("at", "When", show=_instant(health)),
            Column("files", "Files", show=_clipped, wide=True),
            Column("source", "Source"),
            Column("actor", "By"),
            Column("new", "New", show=_count, number=True),
            Column("changed", "Changed", show=_count, number=True),
            Column("unchanged", "Unchanged", show=_count, number=True),
            Column("set_aside", "Set aside", show=_late_count, number=True),
        ],
        [row | {ACT: {"do": "run", "id": row["id"]}} for row in data_health.run_rows(health.runs)],
        sort="at",
        down=True,
        file="imports",
    )
    if clicked and clicked["do"] == "run":
        run = next((run for run in health.runs if run.id == clicked.get("id")), None)
        if run is not None:
            st.dialog(f"Import {run.id}", width="large")(_run)(run, health)


def _run(run: Run, health: Health) -> None:
    board(_run_told(run, health), key="health_run")
    if run.total.set_aside:
        rows = data_health.set_aside(run=run.id, limit=MOST_ROWS)
        closed = sum(row.resolved_by is not None for row in rows)
        st.caption(f"{run.total.set_aside:,} set aside" + (f", {closed:,} of them closed since" if closed else ""))
        columns = [*_aside_columns()[:-1], Column("closed", "Closed by import")]
        tables.table(
            "health_run_aside", columns, [_aside_row(row) | {"closed": row.resolved_by} for row in rows], page_rows=10
        )


def _run_told(run: Run, health: Health) -> Markup:
    began = wording.instant(run.started_at, health.zone)
    facts = [
        ("When", began + (f", {_took(run)}" if run.finished_at else ", not finished")),
        ("By", run.actor),
        ("Source", run.source),
        ("Files", ", ".join(run.names)),
        ("Outcome", data_health_live.ended(run.status)),
    ]
    if run.kind == "live":
        facts = [fact for fact in facts if fact[0] != "Files"] + [("Calls", _count(run.calls))]
    facts += [("Told", sentence) for sentence in (*filter(None, (run.failure,)), *run.unread)]
    told = el("dl", join(*(join(el("dt", name), el("dd", said)) for name, said in facts)))
    return el("section", told, counts_table(run.counts), cls="counted")


def _took(run: Run) -> str:
    return f"took {(run.finished_at - run.started_at).total_seconds():,.1f} s" if run.finished_at else ""


def counts_table(counts: Any) -> Markup:
    """What became of each entity's rows, as a small table. `counts`: entity → RunCounts."""
    heads = ("Facts of", "In the files", "New", "Changed", "Unchanged", "Set aside")
    head = el("tr", *(el("th", name, scope="col", cls="number" if at else None) for at, name in enumerate(heads)))
    body = [
        el(
            "tr",
            el("td", entity.replace("_", " ")),
            *(el("td", _count(number), cls="number") for number in count[:-1]),
            el("td", _late_count(count[-1]), cls="number"),
        )
        for entity, count in counts.items()
    ]  # fmt: skip
    table = el("table", el("thead", head), el("tbody", join(*body)), cls="rows")
    return el("div", table, cls="card scroll", tabindex="0")


def _calm(title: str, said: str) -> None:
    board(el("section", el("h2", title), el("p", said, cls="sub"), cls="card section flush"), key="health_calm")


def _instant(health: Health) -> Callable[[datetime | None], str]:
    return lambda at: "" if at is None else data_health.when(at, health)


def _last(health: Health) -> Callable[[datetime | None], str]:
    shown = _instant(health)
    return lambda at: f"planned to {shown(at)}" if at is not None and at > health.as_of else shown(at)


def _due(state: tuple[float, str] | None) -> Markup:
    if state is None:
        return tiles.verdict("no_target", "no due time")
    late, words = state
    return tiles.verdict("missed" if late else "met", words)


def _due_foot(health: Health) -> str:
    if any(source.expected_hours is not None for source in health.sources):
        return ""
    return "No source has a time by which it is due, so none can be late."


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _late_count(value: int | None) -> Markup | str:
    return el("span", f"{value:,}", cls="late") if value else ""


def _clipped(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

"""Fact files from the browser: first what they would change, then, on a click, into the store.

    upload.files()       # the form, the preview of what was chosen, the button that imports
    upload.receipt()     # what the last import of this session did, until it is put away

Nothing is written before the click. A file's name names its entity and nothing else: it is never taken as a path. The
only writer of the pages, so the only one of them that knows `app.ingest`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import ingest, settings
from app.ingest import Refused, Report
from app.people import NotAllowed
from app.store.engine import StoreError
from app.ui import data_health, read, upload_told, who
from app.ui.board import Act, board
from app.ui.markup import plain

MOST_MB = 200
"""Of one file: they are held in memory. Larger ones are for `nines import`."""
MOST_MB_TOGETHER = 400
MOST_FILES = 50
DEFAULT_SOURCE = "file"
LONGEST_SOURCE = 100
NO_ZONE = "Refuse times without an offset"
_EXAMPLES = 10
_DESK = "upload_desk"
_UNFIT = re.compile(r"[^\w .()\-]")


class Told(NamedTuple):
    """A dry run, or why there is none."""

    of: tuple[Any, ...]
    """What it was made of: files, source, zone, state of the store."""
    report: Report | None
    wrong: tuple[str, ...] = ()


@dataclass
class _Desk:
    """What a session keeps between runs. Changed in place: Streamlit may stop a run that touches its state, and an
    import that was kept must not go untold for that."""

    round: int = 0
    """Counts imports: the chooser starts anew after each."""
    preview: Told | None = None
    receipt: Report | None = None


def _desk() -> _Desk:
    desk: _Desk = st.session_state.setdefault(_DESK, _Desk())
    return desk


def files() -> None:
    """The form, and under it the preview of what was chosen with the button that imports it; a sentence for somebody
    who may not import."""
    try:
        who.person().must("write", everywhere=True)
    except NotAllowed as refused:
        st.info(plain(str(refused)), icon=":material/lock:")
        return
    chosen = st.file_uploader(
        "Fact files",
        type=["csv", "xlsx", "zip"],
        accept_multiple_files=True,
        key=f"upload_files_{_desk().round}",
        max_upload_size=MOST_MB,
        help="One CSV for each kind of fact, named after it (incidents.csv, sli-2026-10.csv), "
        "a workbook with a sheet for each, or a zip of them.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            "Source of rows that name none",
            _known_sources(),
            key="upload_source",
            accept_new_options=True,
            width=280,
            help="Where the facts come from. The same row from the same source is the same fact: "
            "importing it twice changes nothing.",
        )
        zone = st.selectbox(
            "Times without an offset",
            [NO_ZONE, *_zones(read.directory().policy.timezone)],
            key="upload_zone",
            format_func=lambda name: name if name == NO_ZONE else f"Read as {name}",
            width=320,
        )
    if not chosen:
        st.caption("You will see what the files would change. Nothing is kept until you say so.")
        return
    named = (source or DEFAULT_SOURCE).strip()
    wrong = unfit(chosen, named)
    if wrong:
        _refused(wrong)
        return
    told = _previewed(chosen, named, None if zone in (None, NO_ZONE) else zone)
    if told.report is None:
        _refused(told.wrong)
        return
    board(upload_told.preview(told.report, zone in (None, NO_ZONE)), key="upload_preview_board")
    _import_button(told.report, chosen, named, zone)


def receipt() -> None:
    """What the last import of this session did, until the reader puts it away."""
    report = _desk().receipt
    if report is not None:
        board(upload_told.receipt(report), key="upload_receipt_board", on_act=_answer)


def _answer(act: Act) -> None:
    _desk().receipt = None
    if act["do"] == "view":
        data_health.turn_to(str(act.get("view")))


def unfit(chosen: Sequence[UploadedFile], source: str) -> tuple[str, ...]:
    """What of the choice itself cannot be, a sentence each."""
    wrong = []
    if not source or len(source) > LONGEST_SOURCE or not source.isprintable():
        wrong.append(f"The source needs a name of 1 to {LONGEST_SOURCE} letters.")
    if len(chosen) > MOST_FILES:
        wrong.append(f"These are {len(chosen)} files, more than {MOST_FILES}: put them into one zip.")
    size = sum(one.size for one in chosen)
    if size > MOST_MB_TOGETHER << 20:
        wrong.append(
            f"Together the files have {size >> 20:,} MB, more than {MOST_MB_TOGETHER}: import them with nines import."
        )
    names = [safe_name(one.name) for one in chosen]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            wrong.append(
                f"{name} was chosen {names.count(name)} times: rename one, like {_renamed(name)}, or remove it."
            )
    return tuple(wrong)


def _renamed(name: str) -> str:
    path = Path(name)
    return f"{path.stem}-2{path.suffix}"


def safe_name(said: str) -> str:
    """A file name out of what a browser said: the last part, letters, digits and a few signs, not hidden, not long."""
    last = unicodedata.normalize("NFC", said).replace("\\", "/").rsplit("/", 1)[-1]
    kept = _UNFIT.sub("_", last).strip(" .") or "file"
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:80]}.{ending[:10]}" if dot else kept[:80]


def _previewed(chosen: Sequence[UploadedFile], source: str, zone: str | None) -> Told:
    """The dry run of these files; kept until another is asked for, or the store has changed."""
    of = (tuple(one.file_id for one in chosen), source, zone, read.state())
    desk = _desk()
    kept = desk.preview
    if kept is None or kept.of != of:
        try:
            kept = Told(of, _run(chosen, source, zone, dry=True))
        except Refused as refused:
            kept = Told(of, None, refused.sentences)
        except (NotAllowed, StoreError, OSError) as failed:
            return Told(of, None, sentences(failed))
        desk.preview = kept
    return kept


def _import_button(report: Report, chosen: Sequence[UploadedFile], source: str, zone: str | None) -> None:
    label = upload_told.import_label(report)
    if label is None:
        st.button("Import", disabled=True, help="Nothing would change.", key="upload_import")
    elif st.button(label, type="primary", key="upload_import"):
        try:
            _run(chosen, source, None if zone in (None, NO_ZONE) else zone, dry=False)
        except (Refused, NotAllowed, StoreError, OSError) as refused:
            _refused(sentences(refused))
            return
        st.rerun()


def _run(chosen: Sequence[UploadedFile], source: str, zone: str | None, *, dry: bool) -> Report:
    """The import, or its dry run, with a progress bar. Stopped half-way it leaves nothing behind."""
    shown = st.progress(0.0, text="Reading")
    seen = -1.0

    def told(name: str, done: int, size: int) -> None:
        nonlocal seen
        share = min(done / size, 1.0) if size else 1.0
        if share < seen or share - seen >= 0.02:
            seen = share
            words = f"Reading {plain(name)}" if share < 1 else "Adding up the days"
            shown.progress(share, text=words)

    url, desk = settings.load().database_url, _desk()
    try:
        with _on_disk(chosen) as paths:
            report = ingest.run(
                read.opened(url),
                paths,
                source=source,
                timezone=ZoneInfo(zone) if zone else None,
                dry_run=dry,
                by=who.person(),
                progress=told,
                examples=_EXAMPLES if dry else 0,
            )
        if not dry:
            desk.round, desk.preview, desk.receipt = desk.round + 1, None, report
        return report
    finally:
        shown.empty()


@contextmanager
def _on_disk(chosen: Sequence[UploadedFile]) -> Iterator[list[Path]]:
    """The files in a folder of their own, for as long as they are read."""
    with TemporaryDirectory(prefix="nines-upload-") as folder:
        paths = []
        for one in chosen:
            path = Path(folder) / safe_name(one.name)
            path.write_bytes(one.getbuffer())
            paths.append(path)
        yield paths


def sentences(refused: Exception) -> tuple[str, ...]:
    """Why it did not work, a sentence each."""
    if isinstance(refused, Refused):
        return refused.sentences
    if isinstance(refused, (NotAllowed, StoreError)):
        return (str(refused),)
    why = refused.strerror if isinstance(refused, OSError) and refused.strerror else type(refused).__name__
    return (f"The files could not be laid down to be read ({why}): make room on the server's disk, then try again.",)


def _refused(wrong: Sequence[str]) -> None:
    board(upload_told.refused(wrong), key="upload_refused")


def _known_sources() -> list[str]:
    names = sorted({source.name for source in read.sources()} - {DEFAULT_SOURCE})
    return [DEFAULT_SOURCE, *names]


@cache
def _zones(first: str) -> list[str]:
    """Every time zone by name, the organisation's own and UTC first."""
    names = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    )
    return list(dict.fromkeys([first, "UTC", *names]))

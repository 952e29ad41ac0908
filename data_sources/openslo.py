"""OpenSLO files, folders and git checkouts: the catalogue of SLOs, and services where labels tell tier and team.

Lenient by default: every SLO there is, each departure told with file, line and reason. `strict: true` takes a source's
files only if the OpenSLO project's own SDK would accept them all.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from app.records import ENTITIES, Window
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.http import Client, Slice, SourceError
from data_sources.openslo_documents import Document, Text, Warned, documents, texts
from data_sources.openslo_objects import departures
from data_sources.openslo_reading import Read, read, version_of
from data_sources.options import Mapped, Maps, Options

_TOLD = 20
"""How many departures of strict files a sentence names."""


class Labels(BaseModel):
    """Which label, or annotation, of an object names what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: str = "team"
    tier: str = "tier"
    product: str = "product"
    kind: str = "kind"


class Defaults(BaseModel):
    """What holds where a definition says nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: Mapped | None = None
    tier: Annotated[int, Ge(0), Le(3)] | None = None
    window: Window = "28d"


class OpenSlo(Options):
    """Of an OpenSLO source."""

    paths: Annotated[tuple[Path, ...], MinLen(1)]
    """Files and folders; relative to the folder of `sources.yaml`."""
    strict: bool = False
    labels: Labels = Labels()
    defaults: Defaults = Defaults()

    @field_validator("paths")
    @classmethod
    def _beside(cls, paths: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
        return beside(paths, info)


def beside(paths: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
    """Paths as they are meant in `sources.yaml`: relative to its folder."""
    folder = (info.context or {}).get("folder", Path())
    return tuple((folder / path.expanduser()).resolve() for path in paths)


class Judged(NamedTuple):
    """Files, read and judged."""

    documents: tuple[Document, ...]
    departures: tuple[Warned, ...]


def judged(found: Sequence[Text]) -> Judged:
    """The OpenSLO objects of files and where the SDK would refuse them. Files without any are passed over."""
    held: list[Document] = []
    departed: list[Warned] = []
    for text in found:
        inside, broken = documents(text)
        ours = [one for one in inside if version_of(one) is not None]
        if not ours and not (broken and text.data and b"openslo" in text.data.lower()):
            continue
        held += ours
        departed += broken
        for one in inside:
            departed += [
                Warned(one.file, one.line(place), _sentence(place, reason)) for place, reason in departures(one)
            ]
    return Judged(tuple(held), tuple(departed))


def _sentence(place: tuple[str | int, ...], reason: str) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{where or 'it'} {reason}"


def gather(paths: Sequence[Path]) -> list[Text]:
    """The files at paths. Raises SourceError."""
    found: list[Text] = []
    for path in paths:
        if not path.exists():
            raise SourceError("address", f"{path} does not exist: name OpenSLO files, or folders of them.")
        try:
            here = list(texts(path))
        except OSError as cause:
            raise SourceError("permission", f"{path} cannot be read ({cause.strerror or cause}).") from None
        prefix = f"{path.name}/" if len(paths) > 1 and path.is_dir() else ""
        found += [one._replace(name=prefix + one.name) for one in here]
    return found


def fetch(client: Client | None, options: OpenSlo, part: Part, slice_: Slice) -> list[Text]:
    """All files, as they are now."""
    return gather(options.paths)


def parse(raw: Sequence[Text], options: OpenSlo, part: Part, slice_: Slice) -> Brought:
    """SLOs and services. Raises SourceError in strict mode for files that the SDK refuses."""
    found = judged(raw)
    if options.strict and found.departures:
        raise SourceError("answer", refusal(found.departures))
    said = definitions(found, options.labels, options.defaults.window)
    services, unplaced = _services(said, options)
    notes = [str(one) for one in sorted({*found.departures, *said.warnings})]
    if unplaced:
        names = ", ".join(unplaced[:_TOLD])
        notes.append(f"No tier and team are known of {names}: import these services, label them, or give defaults.")
    batches = []
    for entity, rows in (("services", services), ("slos", _slos(said, options.map))):
        batches += [(ENTITIES[entity], file, batch(entity, listed)) for file, listed in rows.items()]
    return Brought(tuple(batches), notes=tuple(notes))


def definitions(found: Judged, labels: Labels, window: str) -> Read:
    """What the documents define."""
    return read(found.documents, labels.model_dump(), window)


def refusal(departed: Sequence[Warned]) -> str:
    """Why strict files are refused, in one sentence."""
    told = "; ".join(str(one) for one in departed[:_TOLD])
    more = f"; and {len(departed) - _TOLD:,} more" if len(departed) > _TOLD else ""
    return f"OpenSLO's own SDK would refuse these files: {told}{more}."


def _services(said: Read, options: OpenSlo) -> tuple[dict[str, list[Row]], list[str]]:
    """File → its services, and the names of those of which no tier or no team is known."""
    found: dict[str, list[Row]] = {}
    placed: set[str] = set()
    for one in said.services:
        team, tier = one.values["team"], one.values["tier"]
        name = options.map.services.get(str(one.values["service"]), one.values["service"])
        team = options.map.teams.get(str(team), team) if team else options.defaults.team
        tier = tier if tier is not None else options.defaults.tier
        if team and tier is not None:
            values = {**one.values, "service": name, "team": team, "tier": tier}
            found.setdefault(one.file, []).append(Row(values, one.line))
            placed.add(str(one.values["service"]))
    return found, sorted({str(one.values["service"]) for one in said.services} - placed)


def _slos(said: Read, maps: Maps) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for one in said.slos:
        service = one.values["service"]
        values = {**one.values, "service": maps.services.get(str(service), service) if service else None}
        found.setdefault(one.file, []).append(Row(values, one.line))
    return found


def test(client: Client | None, options: OpenSlo) -> str:
    """What the files hold."""
    found = judged(gather(options.paths))
    if options.strict and found.departures:
        raise SourceError("answer", refusal(found.departures))
    slos = len(definitions(found, options.labels, options.defaults.window).slos)
    if not slos:
        raise SourceError("answer", "There is no OpenSLO SLO in these files: are they the right ones?")
    files = len({one.file for one in found.documents})
    departed = len(found.departures)
    told = f"; the SDK of OpenSLO would refuse {departed:,} places, which are read all the same" if departed else ""
    return f"{slos:,} SLOs in {files:,} file{'s' * (files != 1)}{told}."


def _parts(options: Any) -> Sequence[Part]:
    return (Part(""),)


KIND = Kind(name="openslo", options=OpenSlo, test=test, parts=_parts, fetch=fetch, parse=parse)

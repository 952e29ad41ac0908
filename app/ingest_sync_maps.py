"""The field mapping while a source is read: that of `sources.yaml`, and over it that edited in the app.

A mark holds for the mapping that its part was read with: the name under which it is kept carries a digest of that. So a
changed mapping reads the source from its start, and reaches the facts already here. Without any mapping there is no
digest.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from app.store import mappings
from app.store.mappings import Saw
from data_sources.brought import Part
from data_sources.configured import Source
from data_sources.mapped import Seen, plain
from data_sources.options import Maps

_ASKED = re.compile(r"(#[0-9a-f]{8})?(~[0-9a-f]{8})?$")
"""What a mark's name says of what was asked, and of the mapping it was read with."""


class Mapped(NamedTuple):
    """A source with the mapping that it is read with."""

    source: Source
    own: Mapping[str, Mapping[str, str]]
    """Field → what `sources.yaml` says: a value, as it is looked up, → ours."""
    edited: Mapping[str, Mapping[str, str]]
    """The same as it is edited in the app."""

    @property
    def mark(self) -> str:
        """What the name of a mark ends with; empty without a mapping."""
        fields = {name: {**self.own[name], **self.edited.get(name, {})} for name in self.source.kind.mapped}
        said = [(name, sorted(held.items())) for name, held in sorted(fields.items()) if held]
        return f"~{hashlib.sha256(repr(said).encode()).hexdigest()[:8]}" if said else ""

    def marked(self, part: Part) -> str:
        """The name under which the mark of a part is kept."""
        return f"{part.name}{self.mark}"

    def outdated(self, part: Part, marks: Iterable[str]) -> list[str]:
        """The marks of a part from when something else was asked, or it was read with another mapping."""
        name = _ASKED.sub("", part.name)
        return [mark for mark in marks if mark != self.marked(part) and _ASKED.sub("", mark) == name]

    def keep(self, conn: Connection, run: int, at: datetime, seen: Iterable[Seen]) -> None:
        """Keeps which values came, in the transaction of the facts that had them."""
        mappings.saw(conn, self.source.name, run, at, [self._saw(one) for one in seen])

    def _saw(self, one: Seen) -> Saw:
        value = plain(one.value)
        over = value in self.edited.get(one.field, {})
        ours = one.ours.lower() if one.ours and one.field == "customer_impact" else one.ours
        own = self.own[one.field].get(value) if over else ours
        return Saw(one.field, one.value, ours, own, over and own is None, one.rows, one.samples)


def mapped(source: Source, conn: Connection) -> Mapped:
    """A source with the mapping that holds now."""
    said = source.options.map
    own = {
        field: {plain(value): _text(ours) for value, ours in getattr(said, field).items()}
        for field in Maps.model_fields
    }
    edited = mappings.edited(conn, source.name)
    both = {field: {**held, **edited.get(field, {})} for field, held in own.items()}
    options = source.options.model_copy(update={"map": Maps.model_validate(both)})
    return Mapped(source._replace(options=options), own, edited)


def _text(ours: Any) -> str:
    return str(ours).lower() if isinstance(ours, bool) else str(ours)

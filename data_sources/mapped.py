"""What a system's own words mean here: severities, services, teams, customer impact and causes, by the field mapping.

    values = Values(options.map, severity={"sev1": 1})
    row = {"severity": values.severity(said["severity"], "INC-7 Checkout is down"), …}
    return Brought(batches, seen=values.seen())

The mapping goes first, then what the connector knows of its system, by text without case. A severity that neither knows
stays as it is: its row is set aside with that value in view. A service, team or cause that is not mapped keeps its
name; whether customers noticed is blank then. All of it is remembered and listed on Data health.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from data_sources.options import Maps

Field = Literal["severity", "services", "teams", "customer_impact", "causes"]
_SAMPLES = 3
_LONGEST = 200
"""Characters of a value, and of a sample, that are kept."""


class Seen(NamedTuple):
    """One value of a system, and what became of it."""

    field: Field
    value: str
    ours: str | None
    """What it means here; None: nothing says."""
    rows: int
    samples: tuple[str, ...]
    """The first facts that had it, for people."""


class Values:
    """Maps values and remembers which it saw."""

    def __init__(self, maps: Maps, severity: Mapping[str, int] | None = None, impact: Mapping[str, bool] | None = None):
        known: dict[Field, Mapping[str, Any]] = {"severity": severity or {}, "customer_impact": impact or {}}
        self._maps: dict[Field, dict[str, Any]] = {
            field: {plain(key): ours for key, ours in {**known.get(field, {}), **getattr(maps, field)}.items()}
            for field in ("severity", "services", "teams", "customer_impact", "causes")
        }
        self._seen: dict[tuple[Field, str], tuple[str | None, int, list[str]]] = {}

    def severity(self, value: Any, of: str = "") -> Any:
        """1 to 5 where it is known; otherwise the value as it is."""
        found = self._found("severity", value, of)
        return value if found is None else found

    def service(self, value: str | None, of: str = "") -> str | None:
        """The service here; its own name where it is not mapped."""
        return self._found("services", value, of) or value

    def services(self, values: Iterable[str | None], of: str = "") -> tuple[str, ...]:
        """The services here, each once, in their order."""
        return tuple(dict.fromkeys(filter(None, (self.service(value, of) for value in values))))

    def team(self, value: str | None, of: str = "") -> str | None:
        """The team here; its own name where it is not mapped."""
        return self._found("teams", value, of) or value

    def cause(self, value: str | None, of: str = "") -> str | None:
        """The cause as it is called here; its own name where it is not mapped."""
        return self._found("causes", value, of) or value

    def customer_impact(self, value: Any, of: str = "") -> bool | None:
        """Whether customers noticed; None where nothing says."""
        if isinstance(value, bool):
            return value
        found: bool | None = self._found("customer_impact", value, of)
        return found

    def seen(self) -> tuple[Seen, ...]:
        """Every value that came by, in order."""
        return tuple(
            Seen(field, value, ours, rows, tuple(samples))
            for (field, value), (ours, rows, samples) in self._seen.items()
        )

    def _found(self, field: Field, value: Any, of: str) -> Any:
        if value is None or not str(value).strip():
            return None
        found = self._maps[field].get(plain(value))
        named = _named(value)
        _, rows, samples = self._seen.get((field, named), (None, 0, []))
        if of and len(samples) < _SAMPLES:
            samples.append(of[:_LONGEST])
        self._seen[field, named] = (None if found is None else str(found), rows + 1, samples)
        return found


def plain(value: Any) -> str:
    """What a value is looked up by."""
    return _named(value).casefold()


def _named(value: Any) -> str:
    return " ".join(str(value).split())[:_LONGEST].strip()

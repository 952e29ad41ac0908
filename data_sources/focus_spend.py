"""What was spent, by month, service and team: of each month's exports those that count, in one currency."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from data_sources.focus_files import EXACT, Export, Month, Place
from data_sources.http import SourceError
from data_sources.mapped import Values
from data_sources.options import Maps


class Spend(NamedTuple):
    """The spend of the months that exports tell."""

    months: Mapping[str, Mapping[str, Decimal]]
    """Month → scope (`org`, `service:…`, `team:…`) → spend."""
    note: str
    """What every reading of it says."""
    notes: tuple[str, ...]
    unread: tuple[str, ...]

    def of(self, month: str, scope: str) -> Decimal | None:
        """The spend of a scope; None where no charge names it."""
        return self.months[month].get(scope)


def spend(exports: Sequence[Export], maps: Maps, values: Values, currency: str | None) -> Spend:
    """Adds up what counts. Raises SourceError where several currencies would have to be added."""
    chosen, notes, refused = _chosen(exports)
    told = {money for exports in chosen.values() for one in exports for _, money, _ in one.sums}
    if currency is None and len(told) > 1:
        raise SourceError(
            "answer", f"The exports hold {' and '.join(sorted(told))}, which do not add up: name one with currency."
        )
    money = currency or next(iter(told), "")
    months: dict[str, dict[str, Decimal]] = {}
    others: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    owners = _Owners(maps, values)
    for of, counted in chosen.items():
        if of.month in refused:
            continue
        for export in counted:
            for (month, other, place), amount in export.sums.items():
                if month != of:
                    continue
                if other != money:
                    others[of.month, other] = EXACT.add(others[of.month, other], amount)
                    continue
                held = months.setdefault(of.month, defaultdict(Decimal))
                for scope in ("org", *owners.of(place)):
                    held[scope] = EXACT.add(held[scope], amount)
    left = [
        f"{month}: {_amount(sum_)} {other} are left out: {money} alone counts."
        for (month, other), sum_ in others.items()
    ]
    aside = sum(len(export.bad) for export in exports)
    odd = sum(export.odd_tags for export in exports)
    notes += left
    notes += [f"{odd:,} rows have tags that are no JSON object: they count for the company alone."] if odd else []
    notes += _unowned(months, money)
    note = f"Spend in {money}" + (f"; {aside:,} rows of the exports were set aside" if aside else "")
    return Spend(months, note, tuple(notes), tuple(refused[month] for month in sorted(refused)))


def _chosen(exports: Sequence[Export]) -> tuple[dict[Month, list[Export]], list[str], dict[str, str]]:
    """Month of an account → the exports that count, what was replaced, and month → why it cannot be told.

    A later export replaces an earlier one of which it holds every sub-account and day, and is added to one of which it
    holds none.
    """
    chosen: dict[Month, list[Export]] = defaultdict(list)
    notes: list[str] = []
    for export in sorted(exports, key=lambda one: (one.written, one.name)):
        for of, covered in sorted(export.covered.items()):
            replaced = [earlier for earlier in chosen[of] if earlier.covered[of] <= covered]
            notes += [f"{of.month}: {export.name} replaces {earlier.name}." for earlier in replaced]
            chosen[of] = [*(one for one in chosen[of] if one not in replaced), export]
    refused = {
        of.month: f"{of.month}: {one.name} and {other.name} hold some days both and some each alone, so that neither "
        "replaces the other: keep the export that counts."
        for of, held in chosen.items()
        for one, other in combinations(held, 2)
        if one.covered[of] & other.covered[of]
    }
    return chosen, notes, refused


class _Owners:
    """Whose a charge is: by its tags, else by the map of sub-accounts and cloud services."""

    def __init__(self, maps: Maps, values: Values):
        self._values = values
        self._services = {_plain(name) for name in maps.services}
        self._known: dict[Place, tuple[str, ...]] = {}

    def of(self, place: Place) -> tuple[str, ...]:
        """The scopes besides the company's."""
        if place not in self._known:
            service, team = self._service(place), self._values.team(place.team_tag)
            found = (f"service:{service}" if service else None, f"team:{team}" if team else None)
            self._known[place] = tuple(filter(None, found))
        return self._known[place]

    def _service(self, place: Place) -> str | None:
        if place.service_tag:
            return self._values.service(place.service_tag)
        others = (place.account_name, place.account, place.service_name)
        name = next((one for one in others if one and _plain(one) in self._services), None)
        return self._values.service(name) if name else None


def _unowned(months: Mapping[str, Mapping[str, Decimal]], money: str) -> list[str]:
    """How much of each month belongs to no service."""
    told = []
    for month, held in sorted(months.items()):
        owned = Decimal()
        for scope, amount in held.items():
            owned = EXACT.add(owned, amount) if scope.startswith("service:") else owned
        rest = EXACT.subtract(held["org"], owned)
        if rest:
            told.append(
                f"{month}: {_amount(rest)} of {_amount(held['org'])} {money} belong to no service: they count for the "
                "company alone."
            )
    return told


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()

"""Amounts in words: as many digits as the verdict needs and no more, never rounded across a target.

Each unit has a ladder of ever more exact wordings; the first that compares with the
target as the exact value does is taken.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from itertools import islice

MINUS = "\u2212"
_STEPS = 40
_PLAIN = {"per_week": " a week", "ms": " ms", "days": " days", "ratio": "", "score": "", "count": ""}
_SCALE = {"share": 100, "hours": 60, "days": 1440}
"""To the unit that is shown: percent, minutes."""
_TIMES = ("minutes", "hours", "days")
_MONEY = ((Decimal(10**9), "bn "), (Decimal(10**6), "M "), (Decimal(10**3), "k "))
NO_DATA = "no data"


@lru_cache(maxsize=16_384)
def value(amount: float | None, unit: str, target: float | None = None, op: str = "", currency: str = "EUR") -> str:
    """A value with its unit, `no data` for None.

    With a target it has digits enough to compare with the target's own wording as the exact values compare; `op`
    (>=, <=, >, <, within) allows it to look equal to the target where the verdict stays the same.
    """
    if amount is None:
        return NO_DATA
    if target is None:
        text, shown = next(_ladder(amount, unit, currency))
        if unit == "share" and shown in (0, 100) and shown != _scaled(amount, unit):
            return "> 99.9999 %" if shown else "< 0.0001 %" if amount > 0 else "just below 0 %"
        return text
    return _beside(amount, target, unit, op, currency)[0]


@lru_cache(maxsize=4096)
def target(wanted: float, unit: str, op: str = "", beside: float | None = None, currency: str = "EUR") -> str:
    """A target with its sign and unit ("≤ 60 min"), as exact as its own digits, or as the value beside it asks."""
    sign = {">=": "≥ ", "<=": "≤ ", ">": "> ", "<": "< ", "within": "±"}.get(op, "")
    if beside is None:
        return sign + _natural(wanted, unit, currency)[0]
    return sign + _beside(beside, wanted, unit, op, currency)[1]


def exact(amount: float | None, unit: str, currency: str = "EUR") -> str:
    """A value with all the digits that a hover may show: money to the unit, shares to 4 digits behind the point."""
    if amount is None:
        return NO_DATA
    if unit == "money":
        return f"{_grouped(Decimal(repr(float(amount))), 0 if abs(amount) >= 100 else 2)} {currency}"
    if unit == "share":
        return f"{_trimmed(Decimal(repr(float(amount))) * 100, 4)} %"
    if unit in ("minutes", "hours"):
        return f"{_trimmed(Decimal(repr(float(amount))), 2)} {'min' if unit == 'minutes' else 'h'}"
    return f"{_trimmed(Decimal(repr(float(amount))), 4)}{_PLAIN.get(unit, '')}"


def duration(minutes: float | None) -> str:
    """A length of time: 40 s, 95 min, 3 h 20 min, 12 d 4 h."""
    return value(minutes, "minutes")


def _beside(amount: float, wanted: float, unit: str, op: str, currency: str) -> tuple[str, str]:
    exact_amount, exact_target = _scaled(amount, unit), _scaled(wanted, unit)
    for words, shown_target in _rungs(wanted, unit, currency):
        for text, shown in islice(_ladder(amount, unit, currency), _STEPS):
            if _agree(shown, shown_target, exact_amount, exact_target, op):
                return text, words
    return f"{exact_amount:f}", f"{exact_target:f}"


@lru_cache(maxsize=256)
def _rungs(wanted: float, unit: str, currency: str) -> tuple[tuple[str, Decimal], ...]:
    """The wordings of a target: few targets stand beside many values."""
    return (_natural(wanted, unit, currency), *islice(_ladder(wanted, unit, currency), _STEPS))


def _agree(shown: Decimal, shown_target: Decimal, amount: Decimal, wanted: Decimal, op: str) -> bool:
    if op == "within":
        return _side(abs(shown), shown_target) == _side(abs(amount), wanted)
    was, now = _side(amount, wanted), _side(shown, shown_target)
    if was == now:
        return True
    return now == 0 and ((op == ">=" and was > 0) or (op == "<=" and was < 0))


def _side(one: Decimal, other: Decimal) -> int:
    return (one > other) - (one < other)


def _natural(wanted: float, unit: str, currency: str) -> tuple[str, Decimal]:
    """The shortest wording that says a target exactly; where none does (it comes from a factor), the coarsest."""
    goal = _scaled(wanted, unit)
    tries = 6 if unit == "share" else 1 if unit in _TIMES and abs(goal) >= 120 else 2
    rungs = list(islice(_ladder(wanted, unit, currency), tries))
    words, shown = next((rung for rung in rungs if rung[1] == goal), rungs[0])
    return (f"{_trimmed(shown, 9)} %" if unit == "share" else words), shown


def _scaled(amount: float, unit: str) -> Decimal:
    return Decimal(repr(float(amount))) * _SCALE.get(unit, 1)


def _ladder(amount: float, unit: str, currency: str) -> Iterator[tuple[str, Decimal]]:
    """(wording, what it says) from coarse to exact, in the unit that is shown."""
    goal = _scaled(amount, unit)
    if unit in _TIMES:
        yield from _times(goal)
    elif unit == "money":
        yield from _money(goal, currency)
    elif unit == "share":
        for digits in range(_share_digits(goal), _STEPS):
            yield f"{_grouped(goal, digits)} %", _round(goal, digits)
    else:
        for digits in range(_digits(goal, unit), _STEPS):
            text = _grouped(goal, digits)
            yield (text.rstrip("0").rstrip(".") if "." in text else text) + _PLAIN.get(unit, ""), _round(goal, digits)


def _share_digits(percent: Decimal) -> int:
    """None, but near 0 % and 100 % as many as keep the distance to them visible, above 99 % at least two."""
    if percent > 100:
        return 0
    gap = min(abs(percent), 100 - percent)
    if gap == 0 or gap >= 1:
        return 0
    return min(max(-gap.adjusted(), 2 if percent > 50 else 1), 4)


def _digits(amount: Decimal, unit: str) -> int:
    if amount == amount.to_integral_value() or unit in ("count", "ms"):
        whole = 0 if amount == 0 or abs(amount) >= 1 else -amount.adjusted()
        return min(whole, 6) if unit in ("count", "ms") else 0
    if unit in ("score", "ratio", "per_week") and abs(amount) >= 1:
        return 2 if unit == "ratio" and abs(amount) < 10 else 1
    return min(1 - amount.adjusted(), 6) if abs(amount) < 1 else 1


def _times(minutes: Decimal) -> Iterator[tuple[str, Decimal]]:
    size, sign = abs(minutes), MINUS if minutes < 0 else ""
    way = -1 if minutes < 0 else 1
    if size != 0 and size < 1:
        for digits in range(0 if size * 60 >= 1 else min(-(size * 60).adjusted(), 6), _STEPS):
            seconds = _round(size * 60, digits)
            yield f"{sign}{_plain(seconds, digits)} s", way * seconds / 60
        return
    if size >= 2880:
        hours = _round(size / 60, 0)
        yield f"{sign}{_joined((hours // 24, 'd'), (hours % 24, 'h'))}", way * hours * 60
    for digits in range(1 if size < 10 and size != _round(size, 0) else 0, _STEPS):
        shown = _round(size, digits)
        if shown < 120:
            yield f"{sign}{_plain(shown, digits)} min", way * shown
        elif shown < 2880:
            yield f"{sign}{_joined((shown // 60, 'h'), (shown % 60, 'min'))}", way * shown
        else:
            parts = (shown // 1440, "d"), (shown % 1440 // 60, "h"), (shown % 60, "min")
            yield f"{sign}{_joined(*parts)}", way * shown


def _money(amount: Decimal, currency: str) -> Iterator[tuple[str, Decimal]]:
    scale, letter = next(((scale, letter) for scale, letter in _MONEY if abs(amount) >= scale), (Decimal(1), ""))
    if scale != 1 and _round(abs(amount) / scale, 0) == 1000:
        scale, letter = next(((s, a) for s, a in reversed(_MONEY) if s > scale), (scale, letter))
    part = amount / scale
    first = 1 if scale >= 10**6 and abs(part) < 100 else 0 if amount == 0 or abs(amount) >= 1 else 2
    for digits in range(first, _STEPS):
        shown = _round(part, digits)
        text = _grouped(part, digits)
        text = text.rstrip("0").rstrip(".") if "." in text and scale != 1 else text
        yield f"{text} {letter}{currency}", shown * scale


def _joined(*parts: tuple[Decimal, str]) -> str:
    return " ".join(f"{_plain(size, 9)} {name}" for size, name in parts if size != 0)


def _round(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN) if amount.adjusted() + digits < 26 else amount


def _plain(amount: Decimal, digits: int) -> str:
    text = f"{_round(amount, digits):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _grouped(amount: Decimal, digits: int) -> str:
    shown = _round(amount, digits)
    return f"{MINUS if shown < 0 else ''}{abs(shown):,f}"


def _trimmed(amount: Decimal, digits: int) -> str:
    text = _grouped(amount, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text

"""Many viewers at once, without browsers: how many views a second the server gives, and how long a click takes.

Each viewer is a websocket that speaks Streamlit's protocol (`viewer.py`) from a process of its own beside the server,
on the same cores. One viewer looks first, so that the question of the Overview's default address was asked before; the
clicks ask whatever they hit on.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.bench.servers import ROOT, SCRIPT, served
from tests.bench.viewer import Viewer

_FILTERS = ("tier", "team", "period")
_MODULE = "tests.bench.viewers"
_OF_FILTERS = 0.6
"""Share of clicks that choose in the bar; the others go to another page."""
_MOST_OPTIONS = 12
"""Of a filter, that people choose from: the first ones."""


class Opened(NamedTuple):
    """Viewers that came at the same moment."""

    seconds: list[float]
    """Of each, until its page was whole."""
    together: float
    """Until the last one's was."""
    megabytes_each: float
    before_mb: float
    after_mb: float

    @property
    def views_per_second(self) -> float:
        return len(self.seconds) / self.together


class Clicked(NamedTuple):
    """Viewers that click now and then."""

    seconds: list[float]
    """Of each click, until the page was whole again."""
    errors: int
    """Shown instead of a page or of a part of one."""
    after_mb: float


def measure(url: str, opening: int, clicking: int, every: float, lasting: float) -> tuple[Opened, Clicked]:
    """`opening` viewers open the Overview at once; then `clicking` viewers click `every` so many seconds."""
    with served(SCRIPT, url) as server:
        _apart("look", server.address, 1)
        before = server.resident_mb
        seconds, together, megabytes = _apart("look", server.address, opening)
        opened = Opened(seconds, together, megabytes, before, server.resident_mb)
        took, errors = _apart("click", server.address, clicking, every, lasting)
        return opened, Clicked(took, errors, server.resident_mb)


def percentile(values: Sequence[float], share: float) -> float:
    """Linear between the order statistics at `share` of the way."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _apart(what: str, address: str, *given: float) -> Any:
    """What the work gives, done in a process of its own."""
    command = [sys.executable, "-m", _MODULE, what, address, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the viewers ended early: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


async def _look(address: str, viewers: int) -> tuple[list[float], float, float]:
    """Seconds of each, seconds of all, megabytes that each received."""

    async def one() -> tuple[float, int]:
        async with Viewer(address) as viewer:
            seconds = await viewer.open()
            _whole(viewer)
            return seconds, viewer.received

    began = time.perf_counter()
    found = await asyncio.gather(*(one() for _ in range(viewers)))
    together = time.perf_counter() - began
    return [seconds for seconds, _ in found], together, sum(size for _, size in found) / len(found) / 1e6


async def _click(address: str, viewers: int, every: float, lasting: float) -> tuple[list[float], int]:
    """Seconds of each click, and how many errors were shown. Viewers come one after the other; each clicks in its own
    rhythm."""

    async def one(number: int) -> tuple[list[float], int]:
        draw = random.Random(number)
        await asyncio.sleep(every * number / viewers)
        async with Viewer(address) as viewer:
            await viewer.open()
            _whole(viewer)
            until, took = time.perf_counter() + lasting, []
            at = time.perf_counter() + draw.random() * every
            while at < until:
                await asyncio.sleep(max(at - time.perf_counter(), 0))
                took.append(await _wish(viewer, draw))
                at += every
            return took, viewer.errors

    found = await asyncio.gather(*(one(number) for number in range(viewers)))
    return [seconds for took, _ in found for seconds in took], sum(errors for _, errors in found)


async def _wish(viewer: Viewer, draw: random.Random) -> float:
    if draw.random() < _OF_FILTERS:
        box = draw.choice([name for name in _FILTERS if name in viewer.boxes])
        return await viewer.choose({box: draw.choice(viewer.boxes[box][1][:_MOST_OPTIONS])})
    return await viewer.go(draw.choice([page for page in viewer.pages if page not in ("incident", "risk")]))


def _whole(viewer: Viewer) -> None:
    if not viewer.boards or not viewer.boxes:
        raise RuntimeError("the server sent a page without its boards or its filters")


if __name__ == "__main__":
    work = {"look": _look, "click": _click}[sys.argv[1]]
    sys.stdout.write(json.dumps(asyncio.run(work(sys.argv[2], *json.loads(sys.argv[3])))))

"""`make bench`: imports, pages, Chromium, clicks and many viewers, as ratios to the least that could be, in one run.

import    rows a second, against a bare insert of the same rows
overview  seconds in Chromium, against a Streamlit page with one st.metric (demo store, SQLite)
pages     seconds for a page's data on the enterprise store, against the demo: at most twice
browser   seconds in Chromium of every page, against st.metric, or st.plotly_chart where it has such a chart
click     seconds in Chromium from a click to the last chart drawn again
viewers   views a second and memory of 20 viewers at once; seconds of the clicks of 50 who click every 10 seconds
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from app.ui import places
from tests.bench.result import HEADING, Result, short, spread

WHAT = ("import", "overview", "pages", "browser", "click", "viewers")


class Size(NamedTuple):
    """How much of everything is tried."""

    rows: int
    imports: int
    visits: int
    rounds: int
    clicks: int
    opening: int
    clicking: int
    lasting: float


FULL = Size(1_000_000, 3, 9, 5, 9, 20, 50, 60)
QUICK = Size(50_000, 1, 2, 1, 2, 5, 8, 15)
EVERY_SECONDS = 10.0


def main() -> int:
    chosen = _parser().parse_args()
    size = (QUICK if chosen.quick else FULL)._replace(
        **{name: value for name in ("rows", "visits") if (value := getattr(chosen, name)) is not None}
    )
    what = chosen.what or WHAT
    for name in ("import", "overview"):
        if name in what:
            print(f"\n{name}\n{HEADING}", flush=True)
            for line in {"import": _imports, "overview": _overview}[name](chosen, size):
                print(line, flush=True)
    if set(what) & {"pages", "browser", "click", "viewers"}:
        from app.demo.plan import ENTERPRISE
        from tests.bench import stores

        for database in chosen.databases:
            where = chosen.stores / database if chosen.stores else None
            with stores.pair(database, where, stores.QUICK if chosen.quick else ENTERPRISE) as urls:
                for name in what:
                    if measure := _ON_STORES.get(name):
                        print(f"\n{name}, {database}", flush=True)
                        for line in measure(chosen, size, urls):
                            print(line, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=[*WHAT, []], metavar="what", help="of these; default: all")
    parser.add_argument("--databases", nargs="*", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--quick", action="store_true", help="a twelfth of the enterprise store and few rounds")
    parser.add_argument("--stores", type=Path, metavar="FOLDER", help="keep the filled stores there for the next time")
    parser.add_argument("--pages", nargs="*", choices=[place.name for place in places.PLACES], help="default: all")
    parser.add_argument("--on", nargs="*", choices=["demo", "enterprise"], default=["demo"], help="browser and click")
    parser.add_argument("--rows", type=int, help="rows of the imported file")
    parser.add_argument("--entity", choices=["sli", "pages"], default="sli", help="of the imported file")
    parser.add_argument("--visits", type=int, help="of each page in Chromium, fresh and warm")
    return parser


def _imports(chosen: argparse.Namespace, size: Size) -> Iterator[str]:
    from tests.bench import imports

    for database in chosen.databases:
        ours, bare = imports.measure(database, chosen.entity, size.rows, size.imports)
        yield Result(f"{chosen.entity}, {database}", ours, bare, "rows/s", 1 / 3, at_least=True).line()


def _overview(chosen: argparse.Namespace, size: Size) -> Iterator[str]:
    from tests.bench import overview

    for state, (ours, bare) in overview.measure(size.visits).items():
        yield Result(f"Overview, {state}", ours, bare, "s", 1.3).line()


def _pages(chosen: argparse.Namespace, size: Size, urls: tuple[str, str]) -> Iterator[str]:
    from tests.bench import pages
    from tests.bench.stores import Pair

    yield HEADING.replace("Nines", "large").replace(" bare", "small")
    for took in pages.measure(Pair(*urls), size.rounds, _places(chosen)):
        broke = f" {took.broke} ERRORS SHOWN" if took.broke else ""
        yield Result(f"{took.place}, {took.question}", took.enterprise, took.demo, "s", 2.0).line() + broke


def _browser(chosen: argparse.Namespace, size: Size, urls: tuple[str, str]) -> Iterator[str]:
    from tests.bench import browser

    yield HEADING
    for name in chosen.on:
        for seen in browser.measure(urls[name == "enterprise"], size.visits, _places(chosen)):
            what = f"{seen.place}, {name}, {seen.state}"
            yield Result(what, seen.ours, seen.bare, "s", seen.bound).line() + f" ({seen.against})"


def _click(chosen: argparse.Namespace, size: Size, urls: tuple[str, str]) -> Iterator[str]:
    from tests.bench import clicks

    for name in chosen.on:
        for what, seconds in clicks.measure(urls[name == "enterprise"], size.clicks).items():
            yield f"{what + ', ' + name:<40} {spread(seconds)}"


def _viewers(chosen: argparse.Namespace, size: Size, urls: tuple[str, str]) -> Iterator[str]:
    from tests.bench import viewers

    for name, url in zip(("demo", "enterprise"), urls, strict=True):
        opened, clicked = viewers.measure(url, size.opening, size.clicking, EVERY_SECONDS, size.lasting)
        middle, high = (short(viewers.percentile(clicked.seconds, share)) for share in (0.5, 0.95))
        yield (
            f"{f'{name}, {size.opening} open the Overview at once':<40} {opened.views_per_second:.1f} views/s, "
            f"the last after {short(opened.together)} s, {opened.megabytes_each:.2f} MB each; "
            f"memory {opened.before_mb:,.0f} MB before, {opened.after_mb:,.0f} after"
        )
        yield (
            f"{f'{name}, {size.clicking} click every 10 s':<40} p50 {middle} s, p95 {high} s "
            f"({len(clicked.seconds)} clicks, {clicked.errors} errors); memory {clicked.after_mb:,.0f} MB after"
        )


_ON_STORES: dict[str, Callable[[argparse.Namespace, Size, tuple[str, str]], Iterator[str]]] = {
    "pages": _pages,
    "browser": _browser,
    "click": _click,
    "viewers": _viewers,
}


def _places(chosen: argparse.Namespace) -> list[places.Place]:
    return [place for place in places.PLACES if not chosen.pages or place.name in chosen.pages]


if __name__ == "__main__":
    sys.exit(main())

"""How fast charts are made: the best of several runs, so that a busy machine does not matter."""

from collections.abc import Callable
from time import perf_counter

from app.charts import figure, svg
from app.charts.description import Series
from tests.charts import zoo


def best(make: Callable[[], object]) -> float:
    """Milliseconds of the fastest of thirty runs."""
    times = []
    for _ in range(30):
        start = perf_counter()
        make()
        times.append(perf_counter() - start)
    return min(times) * 1000


def test_an_svg_of_two_years_takes_about_a_millisecond() -> None:
    values = tuple(40.0 + at % 7 for at in range(24))
    chart = zoo.line(x=zoo.MONTHS, series=(Series("", values),), limits=None, partial=frozenset({23}))

    assert best(lambda: svg.draw(chart)) < 2


def test_a_figure_of_a_thousand_points_takes_about_ten_milliseconds() -> None:
    x = tuple(str(at) for at in range(1000))
    chart = zoo.line(
        x=x, series=(Series("", tuple(0.5 + at % 9 for at in range(1000))),), limits=None, partial=frozenset()
    )

    assert best(lambda: figure.figure(chart)) < 20

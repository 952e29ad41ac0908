"""A tile: one KPI's name, value, verdict, target, change and sparkline, with the way to how it is counted.

`face(...)` of `charts/faces.py` says what stands on it (override a field with `dataclasses.replace`), `tile(face)`
draws it, `tiles([...])` a grid of four abreast. A click on one comes back from `board` as
{"do": "explain", "kpi": …}; answer it with `explain.explain(...)`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.charts import svg
from app.charts.faces import Face, face, judged, op_of, spark
from app.charts.theme import VerdictKey
from app.ui import freshness
from app.ui.markup import Markup, button, el, join

__all__ = ("Face", "face", "figure", "judged", "op_of", "spark", "tile", "tiles", "verdict")


def verdict(key: VerdictKey, word: str) -> Markup:
    """A verdict: shape, word and colour together."""
    shape = Markup(svg.shape(key, 14)) if key != "no_target" else None
    return el("span", shape, word, cls=f"verdict {key}")


def figure(value: str) -> Markup:
    """A value with its figures large and its units small: 3 h 20 min, 28.2 a week."""
    parts = (part for part in re.split(r"([\d.,\u2212]+)", value) if part)
    return join(*(part if part[0].isdigit() or part[0] == "\u2212" else el("small", part) for part in parts))


def tile(face: Face, counted: bool = True) -> Markup:
    """One tile as markup; not `counted`: without the way to how its number is counted, which is that of today."""
    drawn = Markup(svg.draw(face.spark, 104, 38)) if face.spark else None
    return el(
        "article",
        el("div", el("h2", face.name), verdict(face.key, face.word), cls="top"),
        el(
            "div",
            el(
                "div",
                face.value if face.empty else el("span", figure(face.value)),
                el("span", face.beside, cls="beside") if face.beside else None,
                cls="value none" if face.empty else "value",
            ),
            el("div", drawn, cls="spark") if drawn else None,
            cls="mid",
        ),
        el(
            "div",
            el("p", face.said, cls="said", title=face.said),
            el("p", face.year, cls="said year") if face.year else None,
            freshness.line(face.behind),
        ),
        el(
            "div",
            el("span", face.target, title=face.target),
            button(
                "How counted?",
                act={"do": "explain", "kpi": face.kpi},
                cls="how",
                aria_label=f"{face.name}: {face.value}, {face.word}. How is this counted?",
            )
            if counted
            else None,
            cls="foot",
        ),
        cls="card tile",
        data_kpi=face.kpi,
    )


def tiles(faces: Sequence[Face]) -> Markup:
    """Tiles in a grid: four abreast, two on a phone. Each says which source of its number is late."""
    fresh = (replace(face, behind=freshness.behind([face.kpi])) for face in faces)
    return el("section", join(*(tile(face) for face in fresh)), cls="grid", aria_label="Key numbers")

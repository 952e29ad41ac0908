"""The rules of the house that a machine can check: who imports whom, what the heart may touch, how files are called."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
OURS = {"app", "pages", "data_sources", "tests"}


class Layer(NamedTuple):
    """What the files under `path` may import of ours and of others; all of the standard library but `never`."""

    path: str
    ours: set[str]
    others: set[str]
    never: frozenset[str] = frozenset()


WORLD = frozenset({"http", "os", "pathlib", "shutil", "socket", "sqlite3", "ssl", "subprocess", "time", "urllib"})
"""Clock, files, network and processes: the pure heart has none of them."""
ANY = {"app.brand", "app.people", "app.policy", "app.records"}
MEASURE = {"app.metrics", *ANY}
SHOW = {"app.charts", *MEASURE}
RUN = {"app.export", "app.ingest", "app.ingest_register", "app.settings", "app.shapes", "app.store", *SHOW}

# The first layer whose path a file lies under is its own; a narrower path stands before a wider one.
LAYERS = (
    Layer("app/records.py", set(), {"annotated_types", "pydantic"}),
    Layer("app/people.py", set(), set(), WORLD),
    Layer("app/brand.py", set(), {"pydantic"}, WORLD),
    Layer("app/policy.py", {"app.brand", "app.people", "app.records"}, {"annotated_types", "pydantic", "yaml"}),
    Layer("app/addresses.py", set(), {"pydantic"}),
    Layer("app/settings.py", {"app.addresses"}, {"annotated_types", "pydantic", "pydantic_settings"}),
    # A risk with what forms add to it is a record, checked as records are.
    Layer("app/metrics/risk_r", MEASURE, {"annotated_types", "pydantic"}, WORLD),
    Layer("app/watch.py", set(), {"prometheus_client"}),
    Layer("app/logs.py", {"app.settings"}, {"streamlit", "yaml"}),
    Layer("app/metrics/", MEASURE, {"numpy", "scipy"}, WORLD),
    Layer("app/charts/", SHOW, {"numpy", "pandas", "plotly"}, WORLD),
    Layer("app/store/", {"app.store", *MEASURE}, {"alembic", "numpy", "psycopg", "pyarrow", "pydantic", "sqlalchemy"}),
    Layer(
        "app/ingest.py",
        {"app.ingest", "app.store", "data_sources", *MEASURE},
        {"numpy", "pyarrow", "pydantic", "sqlalchemy"},
    ),
    Layer(
        "app/ingest_sync",
        {"app.ingest", "app.ingest_sync_maps", "app.store", "data_sources", *MEASURE},
        {"pyarrow", "sqlalchemy"},
    ),
    Layer(
        "app/ingest_register.py",
        {"app.export", "app.store", "data_sources", *MEASURE},
        {"sqlalchemy", "xlsxwriter"},
    ),
    Layer("app/ingest_webhooks.py", {"app.ingest", "app.store", "data_sources"}, {"sqlalchemy"}),
    # Pages write facts in one place alone: uploaded files, which only the import may read.
    Layer("app/ui/upload", {"app.ui", *RUN}, {"streamlit"}),
    # The page of reviews shows what was frozen, and asks for freezes and packs.
    Layer(
        "app/ui/review",
        {"app.review", "app.ui", *(RUN - {"app.ingest", "app.ingest_register"})},
        {"streamlit"},
    ),
    Layer(
        "app/ui/",
        {"app.ui", "app.watch", *(RUN - {"app.ingest", "app.ingest_register"})},
        {"numpy", "pandas", "plotly", "pydantic", "streamlit", "xlsxwriter"},
    ),
    Layer(
        "app/review/",
        {"app.review", *RUN},
        {"httpx", "numpy", "openpyxl", "pptx", "pydantic", "sqlalchemy", "typst", "xlsxwriter"},
    ),
    Layer("app/demo/", {"app.demo", *RUN}, {"numpy", "pyarrow", "pydantic", "sqlalchemy"}),
    # The quality list says the same in words on the page and in `nines check`.
    Layer(
        "app/cli",
        {
            "app.cli",
            "app.demo",
            "app.export",
            "app.ingest_sync",
            "app.logs",
            "app.review",
            "app.server",
            "app.ui.quality",
            *RUN,
        },
        {"pydantic", "rich", "sqlalchemy", "typer", "yaml"},
    ),
    Layer("app/shapes.py", {"app.export", "app.metrics"}, set()),
    Layer("app/export.py", {"app.records", "app.store"}, {"sqlalchemy", "xlsxwriter"}),
    Layer("app/streamlit_app.py", {"app.settings", "app.store.engine", "app.ui", *SHOW}, {"streamlit"}),
    Layer(
        "app/server.py",
        {"app.logs", "app.server", "app.ui", "app.web", *RUN},
        {"alembic", "sqlalchemy", "starlette", "streamlit", "uvicorn"},
    ),
    Layer(
        "app/web/",
        {"app.ingest_webhooks", "app.watch", "app.web", "app.settings", "app.store"},
        {"alembic", "anyio", "httpx", "itsdangerous", "prometheus_client", "sqlalchemy", "starlette", "streamlit"},
    ),
    Layer("app/__init__.py", set(), set()),
    Layer("pages/", {"app.ui", *SHOW}, {"streamlit"}),
    # Warehouses are asked through SQLAlchemy, which the store knows alone otherwise.
    Layer(
        "data_sources/warehouse",
        {"data_sources", *ANY},
        {"annotated_types", "pyarrow", "pydantic", "sqlalchemy"},
    ),
    Layer(
        "data_sources/",
        {"data_sources", *ANY},
        {"annotated_types", "dateutil", "httpx", "numpy", "openpyxl", "pyarrow", "pydantic", "stamina", "yaml"},
    ),
)
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("app", "pages", "data_sources")
    for path in (ROOT / folder).rglob("*.py")
)


def layer_of(file: str) -> Layer | None:
    return next((layer for layer in LAYERS if file.startswith(layer.path)), None)


def tree_of(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), file)


def imports(file: str, tree: ast.Module) -> Iterator[str]:
    """Every module that a file imports, as deep as the statement tells; `from app import store` is app.store."""
    package = list(Path(file).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            if module in OURS:
                yield from (f"{module}.{alias.name}" for alias in node.names)
            else:
                yield module


def broken_imports(file: str, tree: ast.Module) -> Iterator[str]:
    layer = layer_of(file)
    if layer is None:
        yield f"{file}: no layer of tests/test_architecture.py knows this place; give it one."
        return
    own = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for name in imports(file, tree):
        top = name.split(".")[0]
        if top in OURS:
            allowed = any(name == ours or name.startswith(f"{ours}.") for ours in layer.ours)
            if not allowed and not name.startswith(own):
                yield f"{file}: imports {name}, but {layer.path} may import of ours only {sorted(layer.ours)}."
        elif top in sys.stdlib_module_names:
            if top in layer.never:
                yield f"{file}: imports {name}, but {layer.path} has no clock, no files, no network, no processes."
        elif top not in layer.others:
            yield f"{file}: imports {name}, but {layer.path} may import of others only {sorted(layer.others)}."


def test_every_module_imports_only_what_its_layer_may() -> None:
    broken = [sentence for file in FILES for sentence in broken_imports(file, tree_of(file))]

    assert not broken, "\n".join(broken)


def test_only_ingest_knows_both_sources_and_store() -> None:
    both = []
    for file in FILES:
        names = set(imports(file, tree_of(file)))
        store = any(name.startswith("app.store") for name in names)
        if store and any(name.startswith("data_sources") for name in names) and not file.startswith("app/ingest"):
            both.append(f"{file}: imports sources and store; only app/ingest.py knows both.")

    assert not both, "\n".join(both)


def test_the_heart_asks_no_clock() -> None:
    asked = [
        f"{file}:{node.lineno}: calls {node.func.attr}(); as_of is an argument in app/metrics and app/charts."
        for file in FILES
        if file.startswith(("app/metrics/", "app/charts/"))
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"now", "today", "utcnow"}
    ]

    assert not asked, "\n".join(asked)


def test_nothing_is_printed_outside_the_command_line() -> None:
    printed = [
        f"{file}:{node.lineno}: prints; only app/cli may."
        for file in FILES
        if not file.startswith("app/cli")
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert not printed, "\n".join(printed)


def test_no_except_swallows_everything() -> None:
    bare = [
        f"{file}:{node.lineno}: catches everything; name the exceptions that are expected here."
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[-1], ast.Raise)
        if node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
    ]

    assert not bare, "\n".join(bare)


def test_no_name_in_app_hides_a_library() -> None:
    """Streamlit puts app/ first on sys.path: app/statistics.py would be everybody's `statistics`."""
    taken = sys.stdlib_module_names | packages_distributions().keys() - OURS
    children = [path for path in (ROOT / "app").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    hiding = [
        f"app/{path.name}: has the name of a library, which it would hide; call it otherwise."
        for path in children
        if path.stem in taken
    ]

    assert not hiding, "\n".join(hiding)


def test_names_say_what_is_inside() -> None:
    vague = [
        f"{file}: {part!r} says nothing about what is inside; name it by its noun."
        for file in FILES
        for part in Path(file).with_suffix("").parts
        if part in VAGUE
    ]

    assert not vague, "\n".join(vague)


def test_files_stay_short() -> None:
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")]
    lengths = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in [*FILES, *tests]}
    long = [
        f"{file}: {lines} lines, more than {LONGEST}; there is a second idea in it."
        for file, lines in lengths.items()
        if lines > LONGEST
    ]

    assert not long, "\n".join(long)


@pytest.mark.parametrize(
    ("file", "source", "told"),
    [
        ("pages/slos.py", "from app.store import facts", "imports app.store"),
        ("pages/slos.py", "import sqlalchemy as sa", "imports sqlalchemy"),
        ("pages/slos.py", "from pages.overview import show", "imports pages.overview"),
        ("app/metrics/slos.py", "import time", "no clock"),
        ("app/metrics/slos.py", "import pandas", "imports pandas"),
        ("app/metrics/slos.py", "from ..store import facts", "imports app.store"),
        ("app/charts/slos.py", "if True:\n    import streamlit.components", "imports streamlit.components"),
        ("data_sources/files.py", "from app import ingest", "imports app.ingest"),
        ("app/ui/tiles.py", "from app import ingest", "imports app.ingest"),
        ("app/cli.py", "import streamlit", "imports streamlit"),
        ("app/newcomer.py", "import math", "no layer"),
    ],
)
def test_the_rules_bite(file: str, source: str, told: str) -> None:
    sentences = list(broken_imports(file, ast.parse(source)))

    assert len(sentences) == 1
    assert sentences[0].startswith(f"{file}: ")
    assert told in sentences[0]

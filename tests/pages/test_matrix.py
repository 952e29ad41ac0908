"""Who may open, see and change what: every page, every export, every form and every write, against every role with and
without limits. What is not in these tables fails.

The store holds two products; whatever belongs to the second says HIDDEN, and nobody limited to the first ever sees it.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

import app as product
from app import ingest, ingest_sync, policy
from app.people import ACTS, Act, Grant, NotAllowed, Person, Role, local
from app.review import delivery
from app.store import deliveries, mappings, people, policies, restore, write
from app.store.backup import BackupError
from app.store.engine import open_store, writing
from app.ui import data_health, exports, places, settings_views, tables, who
from tests.filled import app
from tests.pages import register_writes, review_writes
from tests.review import frozen

ROOT = Path(__file__).resolve().parents[2]
SHOP = frozenset({"shop"})
ROLES: Mapping[str, frozenset[Role]] = {
    "nobody": frozenset(),
    **{role.value: frozenset({role}) for role in Role},
    "everything": frozenset(Role),
}
PEOPLE = [
    Person(f"{name}{' of shop' if products else ''}", roles, products=products)
    for name, roles in ROLES.items()
    for products in (None, SHOP)
]
OF_A_SERVICE = (
    "overview",
    "slos",
    "incidents",
    "incident",
    "on_call",
    "change",
    "service",
    "dr_tests",
    "risks",
    "risk",
)
PAGES: Mapping[str, Act] = dict.fromkeys((*OF_A_SERVICE, "review", "data_health", "settings", "audit"), "read")
"""Page → what one must be trusted with to open it."""


class Form(NamedTuple):
    """A form or a file that is there for some alone."""

    page: str
    address: Mapping[str, str]
    key: str
    act: Act


FORMS = (
    Form("data_health", {"view": data_health.UPLOAD}, "upload_source", "write"),
    Form("settings", {"part": settings_views.POLICY}, "settings_policy_text", "govern"),
    Form("settings", {"part": settings_views.PEOPLE}, "settings_grant", "govern"),
)
"""All of them are for the whole organisation: nobody with limits has them."""


class Write(NamedTuple):
    """A write of the product: what it takes, and how it is called in a test."""

    act: Act
    everywhere: bool
    call: Callable[[Engine, Any, Path, Person], object]


def _restored(engine: Engine, conn: Any, at: Path, by: Person) -> None:
    with pytest.raises(BackupError):  # who may is told that there is no such file
        restore.restore(engine, at / "none.zip", by=by)


EVA = Grant("eva", "person", Role.VIEWER)
WRITES: Mapping[str, Write] = {
    "app.ingest.run": Write("write", True, lambda e, c, at, by: ingest.run(e, [at], by=by, dry_run=True)),
    "app.ingest.preview": Write("write", True, lambda e, c, at, by: ingest.preview(e, [at], by=by)),
    "app.ingest_sync.run": Write(
        "write", True, lambda e, c, at, by: ingest_sync.run(e, at.with_name("sources.yaml"), by=by)
    ),
    "app.store.write.set_policy": Write(
        "govern", True, lambda e, c, at, by: write.set_policy(c, policy.shipped(), by=by)
    ),
    "app.store.policies.change": Write(
        "govern", True, lambda e, c, at, by: policies.change(c, policy.shipped(), None, by=by, why="x")
    ),
    "app.store.people.add": Write("govern", True, lambda e, c, at, by: people.add(c, EVA, by=by)),
    "app.store.people.change": Write("govern", True, lambda e, c, at, by: people.change(c, 1, 1, EVA, by=by)),
    "app.store.people.remove": Write("govern", True, lambda e, c, at, by: people.remove(c, 1, 1, by=by)),
    "app.store.mappings.save": Write(
        "write", True, lambda e, c, at, by: mappings.save(c, "desk", "severity", {}, of=0, by=by)
    ),
    "app.store.restore.restore": Write("govern", True, _restored),
    "app.store.deliveries.ask": Write(
        "write", True, lambda e, c, at, by: deliveries.ask(c, "2026-10", "x", [], by=by, now=datetime.now(UTC))
    ),
    "app.review.delivery.send": Write("write", True, lambda e, c, at, by: delivery.send(e, frozen.full(), (), by=by)),
    **{name: Write(act, False, call) for name, (act, call) in register_writes.CALLS.items()},
    **{name: Write(act, True, call) for name, (act, call) in review_writes.CALLS.items()},
}
"""Every function that takes `by: Person`."""
OPENERS: Mapping[str, str] = {
    "app/ingest.py": "asks who imports",
    "app/ingest_sync.py": "asks who reads live sources",
    "app/ingest_webhooks.py": "asks for the signature of somebody who knows the source's secret",
    "app/ui/forms.py": "saves forms, each of which calls a write of app.store that asks",
    "app/review/freeze.py": "freezes and closes by writes of app.store.reviews, which ask",
    "app/cli/review.py": "the account of the machine, through writes of app.store.reviews",
    "app/ui/review_acts.py": "moves a review on by writes of app.store.reviews, which ask",
    "app/ui/upload_register.py": "calls app.ingest_register, which asks",
    "app/ui/settings_people.py": "calls app.store.people, which asks",
    "app/ui/settings_policy.py": "calls app.store.policies, which asks",
    "app/cli/policy.py": "the account of the machine, through set_policy",
    "app/cli/checking.py": "the account of the machine: makes sums anew, changes no fact",
    "app/demo/filling.py": "fills an empty store alone",
    "app/store/engine.py": "migrates",
    "app/store/restore.py": "asks who restores",
    "app/review/delivery.py": "asks, through app.store.deliveries, who has a digest sent",
}
"""File that opens a write → why it may."""
ROUTES: Mapping[str, str] = {
    "/healthz": "anybody",
    "/readyz": "anybody",
    "/favicon.png": "anybody",
    "/metrics": "this machine alone, or who has the token",
    "/webhooks/{source}": "who signs by the source's secret; nobody where it has none",
}
"""Route of the server's own → who may ask for it."""
FACTS = {
    "teams": "team,name,timezone\npay,Pay,UTC\nHIDDEN-team,HIDDEN team,UTC\n",
    "services": "service,name,tier,team,product,downtime_cost_per_minute\n"
    "checkout,Checkout,0,pay,shop,10\nHIDDEN-vault,HIDDEN vault,0,HIDDEN-team,HIDDEN-bank,10\n",
    "slos": "slo,service,name,kind,objective,window,method\n"
    "up,checkout,Checkout answers,availability,0.99,28d,occurrences\n"
    "HIDDEN-up,HIDDEN-vault,HIDDEN answers,availability,0.99,28d,occurrences\n",
    "sli": "slo,start,minutes,good,total\n"
    + "".join(f"{slo},2026-{m}-{d:02}T00:00:00Z,1440,90,100\n" for slo in ("up", "HIDDEN-up") for m in (10, 11)
              for d in range(1, 21)),
    "exclusions": "exclusion,start,end,services,reason,category,approved_by\n"
    "e1,2026-10-02T00:00:00Z,2026-10-02T06:00:00Z,checkout,Move,maintenance,cto\n"
    "e2,2026-10-02T00:00:00Z,2026-10-02T06:00:00Z,HIDDEN-vault,HIDDEN move,maintenance,cto\n",
    "incidents": "incident,title,severity,started_at,detected_at,resolved_at,services,cause,commander\n"
    "i1,Down,1,2026-10-05T09:00:00Z,2026-10-05T09:05:00Z,2026-10-05T10:00:00Z,checkout;HIDDEN-vault,disk,ann\n"
    "HIDDEN-i2,HIDDEN down,1,2026-10-06T09:00:00Z,2026-10-06T09:05:00Z,2026-10-06T10:00:00Z,HIDDEN-vault,disk,HIDDEN\n"
    "HIDDEN-i3,HIDDEN everywhere,1,2026-10-07T09:00:00Z,2026-10-07T09:05:00Z,2026-10-07T10:00:00Z,,disk,HIDDEN\n",
    "impacts": "incident,service,start,end,level\n"
    "i1,checkout,2026-10-05T09:00:00Z,2026-10-05T10:00:00Z,outage\n"
    "i1,HIDDEN-vault,2026-10-05T09:00:00Z,2026-10-05T11:00:00Z,outage\n",
    "postmortems": "incident,owner\ni1,ann\nHIDDEN-i2,HIDDEN-owner\n",
    "actions": "action,origin,origin_id,title,owner,opened_at,due_on\n"
    "a1,incident,i1,Fix it,ann,2026-10-08T00:00:00Z,2026-10-20\n"
    "HIDDEN-a2,incident,HIDDEN-i2,HIDDEN fix,HIDDEN-owner,2026-10-08T00:00:00Z,2026-10-20\n"
    "HIDDEN-a3,review,2026-09,HIDDEN decide,HIDDEN-owner,2026-10-08T00:00:00Z,2026-10-20\n",
    "pages": "page,triggered_at,responder,team,service,acknowledged_at,actionable\n"
    "p1,2026-10-05T09:05:00Z,ann,pay,checkout,2026-10-05T09:07:00Z,true\n"
    "HIDDEN-p2,2026-10-05T09:05:10Z,HIDDEN-ben,HIDDEN-team,HIDDEN-vault,,false\n",
    "shifts": "team,responder,start,end\npay,ann,2026-10-01T00:00:00Z,2026-10-31T00:00:00Z\n"
    "HIDDEN-team,HIDDEN-ben,2026-10-01T00:00:00Z,2026-10-31T00:00:00Z\n",
    "deployments": "deployment,service,deployed_at,status\nd1,checkout,2026-10-05T08:00:00Z,rolled_back\n"
    "HIDDEN-d2,HIDDEN-vault,2026-10-05T08:00:00Z,rolled_back\n",
    "dr_tests": "test,name,kind,services,planned_on,executed_at,result,status\n"
    "t1,Failover,failover,checkout,2026-10-09,2026-10-09T09:00:00Z,passed,executed\n"
    "HIDDEN-t2,HIDDEN failover,failover,HIDDEN-vault,2026-10-09,2026-10-09T09:00:00Z,failed,executed\n",
    "risks": "risk,title,category,services,owner,status,likelihood,impact,treatment,review_on\n"
    "r1,Fire,site,checkout,ann,open,4,4,mitigate,2026-10-01\n"
    "HIDDEN-r2,HIDDEN flood,site,HIDDEN-vault,HIDDEN-owner,open,5,5,mitigate,2026-10-01\n"
    "HIDDEN-r3,HIDDEN of all,site,,HIDDEN-owner,open,5,5,mitigate,2026-10-01\n",
    "annotations": "annotation,at,title,scope\nn1,2026-10-03T00:00:00Z,HIDDEN launch,org\n",
    "readings": "kpi,period,scope,part,whole\ntoil,2026-10,service:checkout,3,10\n"
    "toil,2026-10,service:HIDDEN-vault,7,10\ntoil,2026-10,org,10,20\n",
}  # fmt: skip
BAD = "incident,title,severity,detected_at\ni9,HIDDEN row,9,2026-10-05T09:00:00Z\n"


@pytest.fixture(scope="module")
def two_products(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of two products, one row of which is set aside: its URL."""
    folder = tmp_path_factory.mktemp("two")
    for name, said in {**FACTS, "incidents-2": BAD}.items():
        (folder / f"{name}.csv").write_text(said)
    engine = open_store(f"sqlite:///{folder}/two.db")
    report = ingest.run(engine, [folder], by=local("HIDDEN-setup"))
    assert report.set_aside == 1
    with writing(engine) as conn:
        people.add(conn, Grant("HIDDEN-root", "person", Role.ADMIN), by=local("HIDDEN-setup"))
        people.add(conn, Grant("HIDDEN-heir", "person", Role.ADMIN), by=local("HIDDEN-setup"))
    engine.dispose()
    return f"sqlite:///{folder}/two.db"


@pytest.fixture
def looked_into(two_products: str, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages read that store; what their tables would export is collected."""
    exported: list[str] = []
    usual = tables._exports

    def collect(key: str, columns: Any, fetch: Any, file: str) -> None:
        rows = fetch()
        exported.append(
            exports.as_csv([c.title for c in columns], [[r.get(c.key) for c in columns] for r in rows]).decode()
        )
        usual(key, columns, fetch, file)

    monkeypatch.setenv("NINES_DATABASE_URL", two_products)
    monkeypatch.setattr(tables, "_exports", collect)
    return exported


def opened(page: str, **address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    at.run()
    return at.switch_page(f"../pages/{page}.py").run() if page != "overview" else at


def sent(block: Any) -> Iterator[str]:
    """Everything that a run sends to the browser."""
    for child in block.children.values():
        yield str(child.proto) if child.proto is not None else ""
        if isinstance(child, Block):
            yield from sent(child)


def test_no_page_is_missing_here() -> None:
    scripts = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"__init__"}

    assert PAGES.keys() == {place.name for place in places.PLACES} == scripts


@pytest.mark.parametrize("page", PAGES)
def test_a_page_and_its_exports_show_exactly_what_one_may_see(
    page: str, looked_into: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"incident": "i1", "risk": "r1", "service": "checkout"}
    everybody = [one for one in PEOPLE if one.name.split(" ")[0] in ("nobody", "viewer", "everything")]
    at: AppTest | None = None
    for person in sorted(everybody, key=lambda one: (not one.roles, one.limited)):
        monkeypatch.setattr(who, "person", lambda person=person: person)
        looked_into.clear()
        at = at.run() if at else opened(page, **({page: named[page]} if page in named else {}))
        said = "".join(sent(at._tree)) + "".join(looked_into)

        assert not at.exception
        if not person.roles & ACTS[PAGES[page]]:
            (refused,) = at.error
            assert refused.value.replace("\\", "").startswith(f"{person.name} may not see this")
            assert "checkout" not in said.lower()
            continue
        assert not at.error
        assert person.limited == ("Limited to: product shop" in said.replace("\\", ""))
        assert page not in OF_A_SERVICE or "heckout" in said or page == "risks"
        if person.limited:
            assert "HIDDEN" not in said, said[max(0, said.find("HIDDEN") - 200) :][:400]
        elif page in ("overview", "slos", "incidents", "on_call", "dr_tests", "risks"):
            assert "HIDDEN" in said


@pytest.mark.parametrize(
    ("page", "address"), [("incident", "HIDDEN-i2"), ("risk", "HIDDEN-r2"), ("service", "HIDDEN-vault")]
)
def test_an_address_opens_nothing_that_one_may_not_see(
    page: str, address: str, looked_into: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(who, "person", lambda: Person("vera", frozenset({Role.VIEWER}), products=SHOP))

    at = opened(page, **{page: address})
    said = "".join(sent(at._tree)).replace(address, "")  # what was asked for is said back

    assert not at.exception
    assert "HIDDEN" not in said


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_a_form_is_there_for_exactly_those_who_may(
    form: Form, looked_into: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at: AppTest | None = None
    for person in (one for one in PEOPLE if one.roles):
        monkeypatch.setattr(who, "person", lambda person=person: person)

        at = at.run() if at else opened(form.page, **form.address)
        there = any(one.key == form.key for kind in (at.selectbox, at.text_area) for one in kind)

        assert not at.exception
        assert there == (bool(person.roles & ACTS[form.act]) and not person.limited), person
        told = "".join(one.value for one in (*at.caption, *at.info)).replace("\\", "")
        assert there or "that takes the role" in told


def test_no_write_is_missing_here() -> None:
    found = set()
    for module in pkgutil.walk_packages(product.__path__, "app."):
        if module.name.startswith(("app.store.migrations", "app.streamlit_app", "app.cli.__main__")):
            continue
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            public = function.__module__ == module.name and not name.startswith("_")
            if public and function.__annotations__.get("by") is Person:
                found.add(f"{module.name}.{name}")

    assert found == WRITES.keys()


@pytest.mark.parametrize("write_", WRITES)
def test_a_write_is_done_for_exactly_those_who_may(write_: str, two_products: str, tmp_path: Path) -> None:
    wanted = WRITES[write_]
    (tmp_path / "teams.csv").write_text("team,timezone\nnew,UTC\n")
    engine = open_store(two_products)
    for person in PEOPLE:
        allowed = bool(person.roles & ACTS[wanted.act]) and not (wanted.everywhere and person.limited)
        refused = nullcontext() if allowed else pytest.raises(NotAllowed, match="that takes the role")
        with refused:
            if write_.startswith(("app.ingest", "app.review")):
                wanted.call(engine, None, tmp_path / "teams.csv", person)
            else:
                with writing(engine, dry=True) as conn:
                    wanted.call(engine, conn, tmp_path, person)
    engine.dispose()


def _calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if f"{name}(" in text else ():
            called = getattr(node, "func", None)
            if isinstance(node, ast.Call) and name in (getattr(called, "id", None), getattr(called, "attr", None)):
                yield path.relative_to(ROOT).as_posix(), node


def test_no_file_that_opens_a_write_is_missing_here() -> None:
    assert {file for file, _ in _calls("writing")} == OPENERS.keys()


def test_no_route_is_missing_here() -> None:
    found = {call.args[0].value for _, call in _calls("Route") if call.args and isinstance(call.args[0], ast.Constant)}

    assert found == ROUTES.keys()

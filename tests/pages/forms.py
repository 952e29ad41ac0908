"""A small register that people write in, and what a test does with its forms."""

from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app import ingest
from app.metrics.risk_records import Entry, RiskKey
from app.people import Person, Role, local
from app.store import register_reads
from app.store.engine import open_store, reading
from app.store.register_versions import Held
from app.ui import read, who
from tests.filled import app, boards, text

ANA = Person("ana@example.com", frozenset({Role.EDITOR}))
BO = Person("bo@example.com", frozenset({Role.EDITOR, Role.APPROVER}))
RISK = RiskKey("file", "R1")
EVIL = "<img src=x onerror=alert(1)> **bold** [x](javascript:alert(1))"
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": "service,name,tier,team,product\nshop,Shop,0,web,shop\nmail,Mail,1,web,post\n",
    "risks.csv": "risk,title,category,services,owner,status,likelihood,impact,treatment,review_on,identified_on\n"
    "R1,One provider,third party,shop,vp@example.com,open,4,4,mitigate,2026-10-01,2026-01-05\n"
    "R2,Old store,resilience,mail,cto@example.com,open,2,3,mitigate,2027-10-01,2026-01-05\n",
    "incidents.csv": "incident,title,severity,detected_at,resolved_at,services\n"
    "I1,Shop down,1,2026-10-05T10:00:00Z,2026-10-05T11:00:00Z,shop\n",
}


def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Lets the pages read, as Ana, a register of two risks, by the real clock."""
    for name, said in FACTS.items():
        (folder / name).write_text(said, encoding="utf-8")
    url = f"sqlite:///{folder}/forms.db"
    engine = open_store(url)
    ingest.run(engine, [folder / name for name in FACTS], by=local("ann"))
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setattr(who, "person", lambda: ANA)
    return engine


def one(risk: RiskKey = RISK) -> AppTest:
    """The page of one risk."""
    at = app()
    at.query_params["risk"], at.query_params["source"] = risk.id, risk.source
    return at.run().switch_page("../pages/risk.py").run()


def held(engine: Engine, key: RiskKey = RISK) -> Held[Entry]:
    with reading(engine) as conn:
        found = register_reads.entry(conn, key)
    assert found is not None
    return found


def story(engine: Engine, key: RiskKey = RISK) -> register_reads.Story:
    with reading(engine) as conn:
        found = register_reads.story(conn, key, read.now())
    assert found is not None
    return found


def click(at: AppTest, key: str) -> AppTest:
    """Clicks a button: by its key, or by what stands behind the round of a form."""
    found = [each for each in at.button if each.key == key or (each.key or "").endswith(f"_{key}")]
    assert found, (key, [each.key for each in at.button])
    found[0].click().run()
    assert not at.exception
    return at


def fill(at: AppTest, **typed: object) -> AppTest:
    """Fills in the form that is open, field by field as a browser does."""
    for name, value in typed.items():
        kinds = (at.text_input, at.text_area, at.selectbox, at.multiselect, at.date_input, at.number_input, at.radio)
        found = [w for kind in kinds for w in kind if (w.key or "").startswith("form_") and w.key.endswith(f"_{name}")]
        exact = [w for w in found if w.key.split("_", 2)[2] == name] or found
        assert exact, name
        exact[0].set_value(value)  # type: ignore[union-attr, arg-type]
    at.run()
    assert not at.exception
    return at


def wrong(at: AppTest) -> str:
    """What the form says cannot be kept."""
    return " ".join(
        [*(each.value for each in at.markdown if ":red[" in each.value), *(e.value for e in at.error)]
    ).replace("\\", "")


def opened(at: AppTest) -> bool:
    """Whether a form is open."""
    return any((each.key or "").startswith("form_") for each in at.button)


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))

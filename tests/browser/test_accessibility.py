"""Every page, light and dark, wide and on a phone, by the rules of axe-core: nothing serious is ours."""

from collections.abc import Callable
from importlib.resources import files
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from app.ui.places import OVERVIEW, PLACES, Place
from tests.browser.conftest import Reader

OpenReader = Callable[..., Reader]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
THEIRS = {
    # Streamlit groups its navigation by <div> between <ul> and <li>.
    "list": "[data-testid=stSidebarNavItems]",
    "listitem": "[data-testid=stSidebarNavItems]",
}
"""What Streamlit itself does, by rule: within this selector it is passed over."""
_RUN = """async theirs => {
    const {violations} = await axe.run(document, {resultTypes: ["violations"]})
    return violations
        .filter(one => ["serious", "critical"].includes(one.impact))
        .flatMap(one => one.nodes
            .filter(({target}) => !(typeof target[0] === "string"
                && theirs[one.id] && document.querySelector(target[0])?.closest(theirs[one.id])))
            .map(node => `${one.id}: ${node.failureSummary} ${node.html}`.slice(0, 400)))
}"""
_OPENS = """() => {
    const found = []
    const look = root => root.querySelectorAll("*").forEach(one => {
        if (one.dataset?.act) found.push(JSON.parse(one.dataset.act))
        if (one.shadowRoot) look(one.shadowRoot)
    })
    look(document)
    return found.filter(act => act.do === "open" && act.place)
}"""


def wrong(page: Page) -> list[str]:
    """What axe-core finds of serious and critical impact, where it is ours. Evaluated, so that the page's policy, which
    refuses foreign scripts, stays as readers have it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(f"{files('axe_playwright_python').joinpath('axe.min.js').read_text(encoding='utf-8')}\n;0")
    found: list[str] = page.evaluate(_RUN, THEIRS)
    return sorted(set(found))


@pytest.fixture(scope="session")
def addresses() -> dict[str, str]:
    """Name → address of what pages were seen to lead to: one incident, one risk, whatever is linked."""
    return {}


def address(place: Place, reader: Reader, home: str, known: dict[str, str]) -> str:
    """Where this page is; of a page that only links lead to, the first thing that another page leads to."""
    if not place.hidden:
        return "/" if place is OVERVIEW else f"/{place.name}"
    for other in PLACES:
        if place.name in known:
            break
        if not other.hidden:
            for act in reader.go(home, f"{address(other, reader, home, known)}?period=Last+12+months").evaluate(_OPENS):
                named = {name: said for name, said in act.items() if name not in ("do", "place")}
                if named:
                    known.setdefault(act["place"], f"/{act['place']}?{urlencode(named)}")
    assert place.name in known, f"no page leads to {place.title}"
    return known[place.name]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_page_has_no_serious_fault(
    open_reader: OpenReader, full_app: str, addresses: dict[str, str], place: Place, scheme: str
) -> None:
    reader = open_reader(color_scheme=scheme, viewport=WIDE)
    page = reader.go(full_app, address(place, reader, full_app, addresses))

    assert wrong(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    reader.still()
    assert wrong(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_number_explained_and_the_choices_of_the_filters_have_none_either(
    open_reader: OpenReader, full_app: str, scheme: str
) -> None:
    reader = open_reader(color_scheme=scheme, viewport=WIDE)
    page = reader.go(full_app)

    page.locator("[data-kpi=customer_impact_minutes] .how").click()
    expect(page.get_by_role("dialog").locator(".rows tbody tr").first).to_be_visible()
    reader.still()
    assert wrong(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    reader.filters()
    assert wrong(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_with_its_main_button_has_none_either(open_reader: OpenReader, full_app: str, scheme: str) -> None:
    reader = open_reader(color_scheme=scheme, viewport=WIDE)
    page = reader.go(full_app, "/risks")

    page.get_by_role("button", name="New risk").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Enter it")).to_be_visible()
    reader.still()

    assert wrong(page) == []


def test_an_empty_store_has_none_either(reader: Reader, empty_app: str) -> None:
    assert wrong(reader.go(empty_app)) == []


def test_a_fault_would_be_found(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)

    page.locator(".tile h2").first.evaluate("title => (title.style.color = 'rgb(220, 220, 220)')")

    assert any(fault.startswith("color-contrast") for fault in wrong(page))

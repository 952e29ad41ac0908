"""What the tests of Data health and of its upload share."""

from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, text

PAGE = "../pages/data_health.py"
INCIDENTS = (
    "incident,title,severity,detected_at,resolved_at,services\n"
    "N1,<b>Bold</b> ![x](http://outside.example/x.png),1,2026-11-01T08:00:00Z,2026-11-01T09:00:00Z,checkout\n"
    "N2,Bad severity,9,2026-11-02T08:00:00Z,,checkout\n"
)


def page(view: str | None = None) -> AppTest:
    """The page, one part of it where it is named."""
    at = app().run()
    if view:
        at.session_state["view"] = view
    return at.switch_page(PAGE).run()


def given(at: AppTest, *files: tuple[str, str | bytes]) -> AppTest:
    """The same page with files chosen."""
    chosen = [(name, said.encode() if isinstance(said, str) else said, "text/csv") for name, said in files]
    at.file_uploader[0].set_value(chosen)
    return at.run()


def shown(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def clicked(at: AppTest, label: str) -> AppTest:
    """The page after a click on the button that begins with this."""
    next(button for button in at.button if button.label.startswith(label)).click()
    return at.run()

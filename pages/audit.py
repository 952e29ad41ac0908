"""Who did what, when and why? Every change, searchable, with what it was and what it became."""

from app.ui import audit

audit.show()

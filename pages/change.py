"""Do we ship safely?"""

from app.ui import empty, filters

asked = filters.asked()
empty.page("no deployment is known here", ["deployments.csv", "nines import deployments.csv"])

"""Can I believe this? Sources, what is set aside and why, what is odd, what was imported, and files to import."""

from app.ui import data_health, data_health_views, upload

health = data_health.load()
view = data_health.top(health)
upload.receipt()
if view == data_health.SOURCES:
    data_health_views.sources(health)
elif view == data_health.ASIDE:
    data_health_views.set_aside(health)
elif view == data_health.QUALITY:
    data_health_views.quality_list(health)
elif view == data_health.IMPORTS:
    data_health_views.imports(health)
else:
    upload.files()

"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdspeak.settings")

django_application = get_wsgi_application()

from crowdspeak.remembered import PagesFirst  # noqa: E402  (models need Django set up)
from launches.views_live import LiveFirst  # noqa: E402

application = LiveFirst(PagesFirst(django_application))

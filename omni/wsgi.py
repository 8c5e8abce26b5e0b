"""The WSGI entry point: `granian --interface wsgi omni.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omni.settings")
application = get_wsgi_application()

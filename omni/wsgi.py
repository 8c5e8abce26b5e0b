"""The WSGI entry point: `granian --interface wsgi omni.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from omni.core.guard import in_utf8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omni.settings")
application = in_utf8(get_wsgi_application())

"""The project as a Django app: it connects the rooms once all of them are loaded."""

from django.apps import AppConfig


class OmniConfig(AppConfig):
    name = "omni"
    label = "omni"

    def ready(self) -> None:
        from omni import celery, wiring  # noqa: F401  tasks find their app, hearers their events

        wiring.connect()

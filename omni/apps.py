"""The project as a Django app: it connects the rooms once all of them are loaded."""

from django.apps import AppConfig


class OmniConfig(AppConfig):
    name = "omni"
    label = "omni"

    def ready(self) -> None:
        from omni import wiring
        from omni.celery import app

        wiring.connect()
        app.conf.beat_schedule = wiring.BEAT

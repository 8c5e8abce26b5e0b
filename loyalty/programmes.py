"""Which programme runs, and what every use case says when none does."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.models import Programme
from omni.core.errors import Conflict, Unprocessable


class NoProgramme(Conflict):
    code = "no_programme"
    message = _("There is no loyalty programme now.")


class BadPoints(Unprocessable):
    code = "bad_points"
    message = _("Points are a whole number above 0.")


class PointsShort(Conflict):
    """`details`: `requested` and `available`."""

    code = "points_short"
    message = _("There are not enough points. Choose fewer.")


def current(now: datetime) -> Programme | None:
    """The one programme that is active, once it has started."""
    return Programme.objects.filter(Q(starts_at=None) | Q(starts_at__lte=now), active=True).first()


def required(now: datetime) -> Programme:
    """The programme that runs; raises NoProgramme."""
    programme = current(now)
    if programme is None:
        raise NoProgramme
    return programme

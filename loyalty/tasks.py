"""What runs by the clock. Each takes nothing, makes one call, and may run twice."""

from celery import shared_task

from loyalty import earning, expiry, tiers
from omni.core import clock


@shared_task
def release_points() -> int:
    """Points whose waiting time is over can be spent."""
    return earning.release_due(now=clock.now())


@shared_task
def expire_points() -> int:
    """Points whose time is over are gone."""
    return expiry.expire_lots(now=clock.now())


@shared_task
def review_tiers() -> int:
    """Members who bought, returned or kept a tier long enough have the tier that follows."""
    return tiers.review_due(now=clock.now())

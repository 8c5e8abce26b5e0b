"""What the beat sweeps in this room. Each task may run twice, and at the same time."""

from celery import shared_task

from catalog import offers
from omni.core import clock


@shared_task
def refresh_offers() -> int:
    """Offers whose stock moved, and offers whose price or promotion began or ended; returns how many changed."""
    now = clock.now()
    return offers.refresh_due(now=now) + offers.refresh_boundaries(now=now)

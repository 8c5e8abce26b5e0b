"""What the beat runs; each may run twice."""

from celery import shared_task

from omni.core import clock
from orders import expiring


@shared_task
def expire_holds() -> int:
    """End unpaid orders whose stock was held long enough."""
    return expiring.expire_holds(now=clock.now())


@shared_task
def expire_pickups() -> int:
    """End pick-ups that nobody came for."""
    return expiring.expire_pickups(now=clock.now())

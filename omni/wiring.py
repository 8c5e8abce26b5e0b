"""What happens when: who hears which event, who follows a merge or an erasure, what runs on the beat.

This one file answers the question. Each room offers functions; here they are connected. What must be true now is
a call downwards or a follower, in the same transaction; what may come later is a hearer of an outbox message.
"""

from typing import Any

import catalog.audit
import catalog.benchmarks
import customers.audit
import loyalty.audit
import omni.channels.audit
import orders.audit
import orders.benchmarks
from customers import ports
from loyalty.following import LoyaltyFollower
from omni.channels import notices
from omni.channels.tasks import wake_relay
from omni.core import audit, benchmark, outbox
from orders.carts import joined_at_sign_in
from orders.following import OrdersFollower

# `offer.changed` needs no hearer: the relay itself turns it into one delivery for each channel that shows offers.
HEARERS: dict[str, list[outbox.Hearer]] = {
    "sign_in.asked": [notices.send_sign_in_code],
    "order.placed": [notices.send_order_notice],
    "order.ready": [notices.send_order_notice],
    "order.expired": [notices.send_order_notice],
    "order.refunded": [notices.send_order_notice],
}

# In the order of locks: orders' rows before the ledger's.
FOLLOWERS: list[ports.Follower] = [OrdersFollower(), LoyaltyFollower()]

_LATE = {"expires": 10}

# Seconds between sweeps. Each finds in PostgreSQL what is due, so a lost queue loses nothing; a sweep that waited
# ten seconds for a worker is dropped, because the next one does its work.
BEAT: dict[str, dict[str, Any]] = {
    "sweep the outbox and the channels": {"task": "omni.channels.tasks.sweep", "schedule": 1.0, "options": _LATE},
    "refresh offers": {"task": "catalog.tasks.refresh_offers", "schedule": 1.0, "options": _LATE},
    "read back what channels show": {"task": "omni.channels.tasks.verify", "schedule": 60.0},
    "release unpaid stock": {"task": "orders.tasks.expire_holds", "schedule": 15.0},
    "end pick-ups that nobody collects": {"task": "orders.tasks.expire_pickups", "schedule": 60.0},
    "make pending points spendable": {"task": "loyalty.tasks.release_points", "schedule": 5.0},
    "expire points": {"task": "loyalty.tasks.expire_points", "schedule": 300.0},
    "review tiers": {"task": "loyalty.tasks.review_tiers", "schedule": 300.0},
}

CHECKS = [
    *customers.audit.CHECKS,
    *catalog.audit.CHECKS,
    *loyalty.audit.CHECKS,
    *orders.audit.CHECKS,
    *omni.channels.audit.CHECKS,
]

BENCHMARKS = [*orders.benchmarks.BENCHMARKS, *catalog.benchmarks.BENCHMARKS]


def connect() -> None:
    """Called once all rooms are loaded (omni.apps); calling it again changes nothing."""
    for kind, hearers in HEARERS.items():
        for hearer in hearers:
            outbox.hear(kind, hearer)
    outbox.on_wake(wake_relay)
    for follower in FOLLOWERS:
        ports.register(follower)
    ports.on_sign_in(joined_at_sign_in)
    audit.register(CHECKS)
    benchmark.register(BENCHMARKS)

"""A code that takes a cart to another channel, once, for fifteen minutes."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import segno
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from omni.core.db import write
from omni.core.errors import Forbidden
from omni.core.models import Channel
from omni.core.secrets import as_typed, fingerprint, new_code
from orders.carts import lock_open
from orders.models import Cart, Handoff

LIFETIME = timedelta(minutes=15)


class BadHandoff(Forbidden):
    code = "wrong_code"
    message = _("This code is wrong, used or too old. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class HandoffCode:
    """The code as it is told, this once; only its fingerprint is kept."""

    code: str
    url: str
    qr_svg: str
    expires_at: datetime


def hand_off(*, cart_id: UUID, now: datetime) -> HandoffCode:
    """A new code for an open cart; those before it end. Raises NotFound and CartClosed. Locks the cart."""
    with write():
        cart = lock_open(cart_id)
        Handoff.objects.filter(cart=cart, used_at=None, expires_at__gt=now).update(expires_at=now)
        code = new_code(10)
        expires_at = now + LIFETIME
        Handoff.objects.create(
            cart=cart, fingerprint=fingerprint("handoff", code), created_at=now, expires_at=expires_at
        )
        url = f"{settings.PUBLIC_URL}/cart/{code}"
        return HandoffCode(code=code, url=url, qr_svg=qr_svg(url), expires_at=expires_at)


def resume(*, code: str, channel: Channel, now: datetime) -> Cart:
    """The cart behind a code, now on this channel too. A code works once: who changes the row has it.

    Raises BadHandoff for a wrong, used or ended code alike, and CartClosed.
    """
    with write():
        rows = Handoff.objects.filter(
            fingerprint=fingerprint("handoff", as_typed(code)), used_at=None, expires_at__gt=now
        )
        cart_id = rows.values_list("cart_id", flat=True).first()
        if cart_id is None:
            raise BadHandoff(param="code")
        cart = lock_open(cart_id)
        if not rows.update(used_at=now, used_by=channel):
            raise BadHandoff(param="code")
        cart.last_channel, cart.updated_at = channel, now
        cart.save(update_fields=["last_channel", "updated_at"])
        return cart


def qr_svg(text: str) -> str:
    """A QR code as an SVG element that can stand in a page or a message."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, svgns=True, scale=4)
    return out.getvalue().decode()

"""Collecting with a code: derived from a nonce, kept as an HMAC, five wrong tries lock it, handed over once."""

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from omni.core.db import lock, write
from omni.core.errors import Conflict, DomainError, Forbidden, Locked
from omni.core.secrets import as_typed, code_of, fingerprint, new_nonce, same
from orders.completing import capture_cash_due, count_handed_over, leave_shelf, settle
from orders.events import happened
from orders.locking import lock_fulfilment
from orders.models import Fulfilment, Method, Order, PickupCode
from orders.next_steps import PICKUP
from orders.paying import order_balance

F = Fulfilment.Status
TRIES = 5


class NotReady(Conflict):
    code = "not_ready"
    message = _("This is not ready to be collected.")


class NotPaid(Conflict):
    code = "not_paid"
    message = _("This order is not paid. Take the payment first.")


class NotForPickup(Conflict):
    code = "not_for_pickup"
    message = _("This is not collected by anybody.")


class WrongCode(Forbidden):
    code = "wrong_code"
    message = _("This code is wrong. Ask the customer to show the newest message.")
    # The try itself must be counted.
    keeps_writes: ClassVar[bool] = True


class CodeLocked(Locked):
    code = "code_locked"
    message = _("Too many wrong codes. A manager can unlock this after checking who collects.")


def issue_code(*, fulfilment_id: int, now: datetime) -> tuple[str, str, datetime]:
    """A new pick-up code: (code, signed QR payload, when it ends). The one before ends; wrong tries stay counted.

    Neither is kept: only a fingerprint, and a nonce that says nothing without CODE_KEY. Raises NotForPickup,
    CodeLocked, and NotReady once it is over. Locks the order and the fulfilment.
    """
    with write():
        _order, row = lock_fulfilment(fulfilment_id)
        if row.method not in PICKUP or row.pickup is None:
            raise NotForPickup
        if row.ended_at is not None:
            raise NotReady(details={"status": row.status})
        before = PickupCode.objects.filter(fulfilment=row, ended_at=None).first()
        if before is not None and before.locked_at is not None:
            raise CodeLocked
        PickupCode.objects.filter(fulfilment=row, ended_at=None).update(ended_at=now)
        nonce = new_nonce()
        code = code_of("pickup", nonce)
        expires_at = row.expires_at or now + timedelta(days=row.pickup.pickup_days)
        PickupCode.objects.create(
            fulfilment=row,
            location=row.pickup,
            fingerprint=_fingerprint(code),
            nonce=nonce,
            wrong_tries=before.wrong_tries if before else 0,
            created_at=now,
            expires_at=expires_at,
        )
        return code, sign_qr(row.pk, code), expires_at


def tell_code(*, fulfilment_id: int, now: datetime) -> tuple[str, str, datetime]:
    """The live code again, or a new one where none is live: for a message, which may be sent more than once and may
    come after somebody asked for a code themselves. Raises what issue_code raises; locks the same."""
    with write():
        _order, row = lock_fulfilment(fulfilment_id)
        live = PickupCode.objects.filter(fulfilment=row, ended_at=None, expires_at__gt=now).exclude(nonce="").first()
        if live is None or row.ended_at is not None:
            return issue_code(fulfilment_id=fulfilment_id, now=now)
        if live.locked_at is not None:
            raise CodeLocked
        code = code_of("pickup", live.nonce)
        return code, sign_qr(row.pk, code), live.expires_at


def collect(
    *, fulfilment_id: int, code: str = "", signed_qr: str = "", collected_by: str = "", by: str, now: datetime
) -> Order:
    """Hand the goods over to whoever shows the code: once, whatever is tried at the same time.

    Cash on receipt is captured, points are spent and earned, stock leaves. Raises NotReady, NotPaid, WrongCode
    (counted: it keeps its writes) and CodeLocked. Locks customer, order, fulfilment, code, ledger, stock last.
    """
    with write():
        refusal, order = _try_code(fulfilment_id, _code_of(fulfilment_id, code, signed_qr), now)
        if refusal is None:
            _hand_over(order, fulfilment_id, collected_by, by, now)
    # Raised out here, so that a wrong try is committed.
    if refusal is not None:
        raise refusal
    return order


def unlock_code(*, fulfilment_id: int, reason: str, by: str, now: datetime) -> Order:
    """A manager lets the code be tried again; the reason is kept with the order. Locks order and fulfilment."""
    with write():
        order, row = lock_fulfilment(fulfilment_id)
        PickupCode.objects.filter(fulfilment=row, ended_at=None).update(wrong_tries=0, locked_at=None)
        happened(order, "code_unlocked", by=by, now=now, data={"fulfilment": row.pk, "reason": reason})
        return order


def arrive(*, fulfilment_id: int, bay: str, by: str, now: datetime) -> Order:
    """The customer waits at the kerb, in this bay. Raises NotForPickup for any other method."""
    with write():
        order, row = lock_fulfilment(fulfilment_id)
        if row.method != Method.CURBSIDE:
            raise NotForPickup
        if row.ended_at is not None:
            raise NotReady(details={"status": row.status})
        row.arrived_at, row.bay = now, bay[:40]
        row.save(update_fields=["arrived_at", "bay"])
        happened(
            order, "arrived", by=by, now=now, data={"fulfilment": row.pk, "bay": row.bay}, tell="fulfilment.arrived"
        )
        return order


def sign_qr(fulfilment_id: int, code: str) -> str:
    """What the QR code holds: base64 of the payload, a dot, and its HMAC-SHA256."""
    payload = base64.urlsafe_b64encode(json.dumps([fulfilment_id, code]).encode()).decode().rstrip("=")
    return f"{payload}.{fingerprint('pickup-qr', payload)}"


def read_qr(signed_qr: str) -> tuple[int, str] | None:
    """The fulfilment and code of a QR that we signed, or None."""
    payload, _dot, signature = signed_qr.partition(".")
    if not same(signature, fingerprint("pickup-qr", payload)):
        return None
    try:
        fulfilment_id, code = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return None
    return int(fulfilment_id), str(code)


def _fingerprint(code: str) -> str:
    return fingerprint("pickup", as_typed(code))


def _code_of(fulfilment_id: int, code: str, signed_qr: str) -> str:
    if not signed_qr:
        return code
    read = read_qr(signed_qr)
    return read[1] if read is not None and read[0] == fulfilment_id else ""


def _try_code(fulfilment_id: int, code: str, now: datetime) -> tuple[DomainError | None, Order]:
    """Whether the goods may be handed over; the same statements for a wrong, an unknown and an ended code."""
    order, row = lock_fulfilment(fulfilment_id)
    told = _fingerprint(code)
    if row.status != F.READY:
        return NotReady(details={"status": row.status}), order
    live = next(iter(lock(PickupCode.objects.filter(fulfilment=row, ended_at=None))), None)
    if live is None:
        # Nobody was told a code yet: one that nobody knows is there to be counted against.
        issue_code(fulfilment_id=row.pk, now=now)
        live = PickupCode.objects.get(fulfilment=row, ended_at=None)
    if live.locked_at is not None:
        return CodeLocked(), order
    right = same(told, live.fingerprint)
    if not right or live.expires_at <= now:
        live.wrong_tries += 1
        live.locked_at = now if live.wrong_tries >= TRIES else None
        live.save(update_fields=["wrong_tries", "locked_at"])
        return WrongCode(details={"tries_left": TRIES - live.wrong_tries}), order
    if order.status == Order.Status.AWAITING_PAYMENT:
        return NotPaid(details={"to_pay": order_balance(order).to_pay}), order
    return None, order


def _hand_over(order: Order, fulfilment_id: int, collected_by: str, by: str, now: datetime) -> None:
    row = Fulfilment.objects.get(pk=fulfilment_id)
    row.status, row.ended_at, row.collected_by = F.COLLECTED, now, collected_by[:200]
    row.save(update_fields=["status", "ended_at", "collected_by"])
    PickupCode.objects.filter(fulfilment=row, ended_at=None).update(ended_at=now)
    handed = count_handed_over([row])
    capture_cash_due(order, by=by, now=now)
    happened(
        order,
        "fulfilment.collected",
        by=by,
        now=now,
        data={"fulfilment": row.pk},
        tell="order.collected",
        payload={"fulfilment": row.pk},
    )
    settle(order, by=by, now=now)
    leave_shelf(order, row.source_id, handed, by=by, now=now)

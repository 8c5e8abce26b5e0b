"""What a person allowed: purpose, channel, proof; append-only, and the latest word counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.models import Consent, Customer, SourceRecord
from customers.queries import primary_record, records_of, resolve
from omni.core.db import write
from omni.core.errors import Unprocessable
from omni.core.models import Channel

# What somebody who bought must be told (ready for pick-up, refunded) needs an address and no consent.
SERVICE = "service"
_NEEDS_PHONE = {Channel.Kind.SMS, Channel.Kind.CALL_CENTER}


class ProofRequired(Unprocessable):
    code = "proof_required"
    message = _("Say how this consent was given: the form, its version, the words, or who took it down.")


class BadConsent(Unprocessable):
    code = "bad_consent"
    message = _("Name a purpose, and a kind of channel that there is.")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whether somebody may be contacted, and why: granted, service, no_consent, withdrawn, no_address, erased."""

    allowed: bool
    reason: str


def record_consent(
    *,
    customer: Customer,
    purpose: str,
    channel_kind: str,
    granted: bool,
    proof: dict[str, Any],
    source_record: SourceRecord | None = None,
    channel: Channel | None = None,
    now: datetime,
) -> Consent:
    """Write down that somebody allowed or withdrew one purpose on one kind of channel.

    It hangs on `source_record`, else on the customer's record of `channel`, else on their oldest. Raises
    ProofRequired and BadConsent (422).
    """
    if not proof:
        raise ProofRequired(param="proof")
    if channel_kind not in Channel.Kind.values:
        raise BadConsent(param="channel")
    if not purpose.strip() or len(purpose) > 40:
        raise BadConsent(param="purpose")
    with write():
        return Consent.objects.create(
            source_record=source_record or primary_record(customer, channel),
            purpose=purpose.strip(),
            channel_kind=channel_kind,
            granted=granted,
            proof=proof,
            given_at=now,
        )


def may_contact(*, customer_id: int, purpose: str, channel_kind: str, now: datetime) -> Allowed:
    """Whether this customer may be contacted for a purpose on a kind of channel, by the latest word on any of
    their records. Service messages need an address only."""
    customer = resolve(customer_id)
    if customer is None or customer.erased_at is not None:
        return Allowed(False, "erased" if customer else "no_consent")
    if purpose == SERVICE:
        return Allowed(True, SERVICE) if _address(customer, channel_kind) else Allowed(False, "no_address")
    latest = (
        Consent.objects.filter(
            source_record__in=records_of(customer.pk), purpose=purpose, channel_kind=channel_kind, given_at__lte=now
        )
        .order_by("-given_at", "-id")
        .first()
    )
    if latest is None:
        return Allowed(False, "no_consent")
    return Allowed(True, "granted") if latest.granted else Allowed(False, "withdrawn")


def _address(customer: Customer, channel_kind: str) -> str:
    if channel_kind == Channel.Kind.EMAIL:
        return customer.email
    return customer.phone if channel_kind in _NEEDS_PHONE else customer.phone or customer.email

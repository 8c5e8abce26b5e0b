"""Sign in with a phone or e-mail and the one-time code that was sent there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers import ports
from customers.codes import WrongCode, ask_code, find_code, limit_asking, limit_trying, make_code, use_code
from customers.identity.identify import RULES, link_by_rules, prove, serialise
from customers.models import Customer, Identifier, LinkDecision, SourceRecord
from customers.normalise import Normal, identifier
from customers.queries import customer_of, records_of
from omni.core.db import write
from omni.core.errors import Unprocessable
from omni.core.keys import issue_customer_token
from omni.core.models import Channel

__all__ = ["SignedIn", "WrongCode", "ask_code", "limit_asking", "limit_trying", "make_code", "sign_in"]


class NotSignable(Unprocessable):
    code = "bad_identifier"
    message = _("Sign in with a phone or an e-mail address.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A customer token and whom it speaks for. `cart` is what became of the guest's cart, if one was brought."""

    token: str
    expires_at: datetime
    customer: Customer
    source_record: SourceRecord
    cart: dict[str, Any] | None


def sign_in(*, kind: str, value: str, code: str, channel: Channel, cart: str | None = None, now: datetime) -> SignedIn:
    """Exchange a right code for a customer token; the code ends.

    The token speaks for the record that owns the verified phone or e-mail, so that an un-merge leaves it with
    the right person; failing one, for the single record that claimed it, which is verified by this; failing
    that, for somebody new. Raises WrongCode (403, the same for an address nobody knows; the try is counted),
    BadPhone, BadEmail (422). Locks the code, then the customers concerned.
    """
    if kind not in {"phone", "email"}:
        raise NotSignable
    own = identifier(kind, value)
    with write():
        found = find_code(kind=kind, value=own.value, code=code, now=now)
        if found is not None:
            use_code(found, now=now)
            serialise(channel, None, [own])
            record = _owner(own) or _claimant(own, now) or _newcomer(own, channel, now)
            token, expires_at = issue_customer_token(source_record=record.pk, channel=channel, now=now)
            told = ports.signed_in(source_record=record, channel=channel, cart=cart, now=now)
            return SignedIn(token, expires_at, customer_of(record.pk), record, told)
    # Told after the block, so that a caller without a transaction of its own keeps the count of wrong tries.
    raise WrongCode


def _owner(own: Normal) -> SourceRecord | None:
    return SourceRecord.objects.filter(
        identifiers__in=Identifier.objects.filter(
            kind=own.kind, value=own.value, valid_until=None, verified_at__isnull=False
        )
    ).first()


def _claimant(own: Normal, now: datetime) -> SourceRecord | None:
    """The one who said so and now shows it, where that is a single customer and gives nobody else's away."""
    claims = list(
        Identifier.objects.filter(kind=own.kind, value=own.value, valid_until=None)
        .select_related("source_record__membership")
        .order_by("pk")[:50]
    )
    homes = {claim.source_record.membership.customer_id for claim in claims}
    if len(homes) != 1:
        return None
    for claim in claims:
        if _speaks_for_all(claim.source_record, homes.copy().pop()):
            prove(claim, how="code", now=now)
            link_by_rules(record=claim.source_record, now=now)
            return claim.source_record
    return None


def _speaks_for_all(record: SourceRecord, customer: int) -> bool:
    """Whether an unproven word of this record may open the whole customer.

    Somebody could write their own e-mail beside another person's phone and wait until that person proves the
    phone, or beside the number of a card that they have seen. So the record must itself have come with a proven
    phone or e-mail, or a person must have said whose it is, or nothing of the customer is proven by others.
    """
    records = records_of(customer)
    proven = (
        Identifier.objects.filter(source_record__in=records, valid_until=None)
        .filter(Q(proven=True) | Q(verified_at__isnull=False))
        .values_list("source_record_id", "kind")
    )
    others = {record_id for record_id, _kind in proven} - {record.pk}
    if not others or any(own == record.pk and kind in {"phone", "email"} for own, kind in proven):
        return True
    said = LinkDecision.objects.filter(verdict=LinkDecision.Verdict.SAME).exclude(decided_by=RULES)
    return said.filter(left=record).exists() or said.filter(right=record).exists()


def _newcomer(own: Normal, channel: Channel, now: datetime) -> SourceRecord:
    record = SourceRecord.objects.create(
        channel=channel, told={"identifiers": [{"kind": own.kind, "value": own.value}]}, created_at=now
    )
    claim = Identifier.objects.create(
        source_record=record, kind=own.kind, value=own.value, written=own.written, proven=False, valid_from=now
    )
    prove(claim, how="code", now=now)
    link_by_rules(record=record, now=now)
    return record

"""What this room does when customers are joined, taken apart, forgotten or ask what we hold of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, Q
from django.utils import formats
from django.utils.translation import gettext as _

from customers.ports import TimelineItem
from customers.queries import customer_of
from loyalty import tiers
from loyalty.balances import balance_of, statement
from loyalty.models import Account, Accrual, Adjustment, Entry, MemberTier
from omni.core.db import fetch_all
from omni.core.showing import money

EXPORTED = 10_000


class LoyaltyFollower:
    """Accounts hang on source records, so joining and taking apart move nothing but the tier."""

    models: Sequence[type[Model]] = (Account, Accrual, Adjustment, MemberTier)

    def merged(self, *, survivor: int, absorbed: Sequence[int], now: datetime) -> None:
        tiers.merge(survivor=survivor, absorbed=absorbed, now=now)

    def unmerged(self, *, customers: Sequence[int], now: datetime) -> None:
        for customer in sorted(customers):
            tiers.unmerge(customer_id=customer, now=now)

    def erased(self, *, customer: int, source_records: Sequence[int], now: datetime) -> None:
        """What colleagues typed is forgotten and no adjustment waits any more; the numbers stay, for the books."""
        before = fetch_all("SELECT current_setting('omni.erasing', true), set_config('omni.erasing', 'on', true)")[0][0]
        accounts = Account.objects.filter(source_record__in=source_records)
        noted = Entry.objects.filter(Q(from_account__in=accounts) | Q(to_account__in=accounts)).exclude(note="")
        noted.update(note="")
        fetch_all("SELECT set_config('omni.erasing', %s, true)", [before or "off"])
        adjustments = Adjustment.objects.filter(source_record__in=source_records)
        adjustments.filter(state=Adjustment.State.WAITING).update(
            state=Adjustment.State.REFUSED, decided_by="erasure", decided_at=now
        )
        adjustments.update(reason="")

    def exported(self, *, source_records: Sequence[int]) -> dict[str, Any]:
        balance = balance_of(source_records)
        credit = Account.objects.filter(source_record__in=source_records, kind=Account.Kind.STORE_CREDIT)
        customer = customer_of(source_records[0]) if source_records else None
        member = MemberTier.objects.select_related("tier").filter(customer=customer).order_by("pk")
        return {
            "points": {"available": balance.available, "pending": balance.pending, "held": balance.held},
            "store_credit": [{"currency": account.unit, "balance": account.balance} for account in credit],
            "tiers": [
                {
                    "tier": str(one.tier),
                    "since": one.since.isoformat(),
                    "until": one.until.isoformat() if one.until else None,
                }
                for one in member
            ],
            "entries": [
                {"at": line.made_at.isoformat(), "what": line.words, "order": line.order, "after": line.after}
                for line in statement(source_records, limit=EXPORTED)
            ],
        }

    def timeline(self, *, source_records: Sequence[int], before: datetime | None, limit: int) -> Sequence[TimelineItem]:
        return [
            TimelineItem(
                happened_at=line.made_at,
                kind=f"points.{line.reason}",
                channel="",
                about_kind="order" if line.order else "",
                about=line.order,
                data={
                    "points": line.points or line.pending,
                    "before": line.before,
                    "after": line.after,
                    "words": line.words,
                },
                words=line.words,
            )
            for line in statement(source_records, before_at=before, limit=limit)
        ]

    def in_short(self, *, source_records: Sequence[int], now: datetime) -> Sequence[tuple[str, str]]:
        """Points, credit and tier."""
        balance = balance_of(source_records, now=now)
        points = _("%(available)s to spend, %(pending)s not yet, %(held)s set aside") % {
            name: formats.number_format(getattr(balance, name), force_grouping=True)
            for name in ("available", "pending", "held")
        }
        told = [(_("points"), points)]
        credit = Account.objects.filter(source_record__in=source_records, kind=Account.Kind.STORE_CREDIT, balance__gt=0)
        told += [(_("store credit"), money(account.balance, account.unit)) for account in credit]
        customer = customer_of(source_records[0]) if source_records else None
        member = MemberTier.objects.select_related("tier").filter(customer=customer, until=None).first()
        return [*told, (_("tier"), str(member.tier))] if member else told

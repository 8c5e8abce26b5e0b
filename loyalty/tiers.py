"""Tiers: reached by what is spent in a calendar year, kept to the end of the next one.

A year is the programme's own (its time zone). What is spent is what the orders of a member's source records
earned on, less what came back; so merging and un-merging need no other word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Sum

from customers.facts import ensure_facts
from customers.models import Customer
from customers.queries import records_of
from loyalty.models import Accrual, MemberTier, Programme, Tier
from loyalty.programmes import current
from loyalty.rules import Level, level_reached, level_to_hold, next_level, year_start
from omni.core.db import fetch_all, lock, write

BATCH = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands: their tier, what comes next and how much spending it still takes, minor units."""

    tier: Tier | None
    since: datetime | None
    until: datetime | None
    next: Tier | None
    to_go: int | None


def standing(customer_id: int, *, now: datetime) -> Standing:
    """The tier that a member has, and the way to the next one. Whom no review has met yet stands on the first
    tier, if that one takes no spending."""
    programme = current(now)
    if programme is None:
        return Standing(None, None, None, None, None)
    member = _member_tier(customer_id, programme)
    tiers = _tiers(programme)
    held = member.tier if member else next((tier for tier in tiers if tier.threshold == 0), None)
    above = next_level(_levels(tiers), _level(held) if held else None)
    following = next((tier for tier in tiers if above is not None and tier.code == above.code), None)
    spent = spent_in_year(records_of(customer_id), programme=programme, now=now)
    return Standing(
        tier=held,
        since=member.since if member else None,
        until=member.keeps_until if member else None,
        next=following,
        to_go=max(following.threshold - spent, 0) if following else None,
    )


def spent_in_year(source_records: Sequence[int], *, programme: Programme, now: datetime) -> int:
    """What these records' orders of this calendar year come to, less returns, minor units of the programme."""
    accruals = Accrual.objects.filter(
        source_record__in=source_records,
        programme=programme,
        made_at__gte=year_start(now, programme.time_zone),
        made_at__lt=year_start(now, programme.time_zone, years=1),
    )
    return int(accruals.aggregate(total=Sum(F("basis") - F("returned_basis")))["total"] or 0)


def evaluate(*, customer_id: int, spent: int, now: datetime) -> Tier | None:
    """Give a member the tier that spending `spent` minor units in this calendar year reaches, unless a higher one
    is still kept; returns it. Writes the member's tier and the customer's facts, which it locks."""
    with write():
        programme = current(now)
        facts = ensure_facts(customer_id)
        if programme is None:
            return None
        tiers = _tiers(programme)
        member = _member_tier(customer_id, programme)
        kept = member is not None and (member.keeps_until is None or member.keeps_until > now)
        held = level_to_hold(
            current=_level(member.tier) if member else None,
            kept=kept,
            reached=level_reached(_levels(tiers), spent),
        )
        tier = next((tier for tier in tiers if held is not None and tier.code == held.code), None)
        _write(customer_id, member, tier, programme, spent, now)
        if facts.tier != (tier.code if tier else ""):
            facts.tier = tier.code if tier else ""
            facts.save(update_fields=["tier"])
        return tier


def review(*, customer_id: int, now: datetime) -> Tier | None:
    """Look again at what a member spent this year and give them the tier that follows."""
    with write():
        programme = current(now)
        if programme is None:
            return None
        spent = spent_in_year(records_of(customer_id), programme=programme, now=now)
        return evaluate(customer_id=customer_id, spent=spent, now=now)


def merge(*, survivor: int, absorbed: Sequence[int], now: datetime) -> Tier | None:
    """The customers `absorbed` became `survivor`, who has the best tier that any of them had, or a better one if
    what they spent together reaches it."""
    with write():
        everybody = [survivor, *absorbed]
        tiers = list(
            MemberTier.objects.select_related("tier").filter(customer__in=everybody, until=None).order_by("pk")
        )
        best = max(tiers, key=lambda member: (member.tier.threshold, member.customer_id == survivor), default=None)
        if best is not None and best.customer_id != survivor:
            MemberTier.objects.filter(pk__in=[member.pk for member in tiers]).update(until=now)
            MemberTier.objects.create(
                customer_id=survivor,
                tier=best.tier,
                since=best.since,
                keeps_until=best.keeps_until,
                spent=best.spent,
                reviewed_at=now,
            )
        else:
            MemberTier.objects.filter(customer__in=absorbed, until=None).update(until=now)
        return review(customer_id=survivor, now=now)


def unmerge(*, customer_id: int, now: datetime) -> Tier | None:
    """Give a customer who stands alone again the tier that their own records' spending of this year or the year
    before reaches, whatever they had while they were joined with somebody."""
    with write():
        programme = current(now)
        if programme is None:
            return None
        records, levels = records_of(customer_id), _levels(_tiers(programme))
        new_year = year_start(now, programme.time_zone)
        last_year = spent_in_year(records, programme=programme, now=new_year - timedelta(days=1))
        kept = level_reached(levels, last_year)
        MemberTier.objects.filter(customer=customer_id, until=None).update(until=now)
        if kept is not None:
            MemberTier.objects.create(
                customer_id=customer_id,
                tier=Tier.objects.get(programme=programme, code=kept.code),
                since=now,
                keeps_until=year_start(now, programme.time_zone, years=1) if kept.threshold else None,
                reviewed_at=now,
            )
        return review(customer_id=customer_id, now=now)


# Members with a tier who earned or returned since their last review (a few minutes are looked at again, for what
# was committed meanwhile) or whose tier is kept no longer; and those without one who reach the lowest.
_TO_REVIEW = """
SELECT t.customer_id FROM loyalty_membertier t
WHERE t.until IS NULL AND t.customer_id > %(after)s AND (t.keeps_until <= %(now)s OR EXISTS (
  SELECT 1 FROM customers_membership m JOIN loyalty_accrual a ON a.source_record_id = m.source_record_id
  WHERE m.customer_id = t.customer_id AND (
    a.made_at >= t.reviewed_at - interval '5 minutes' OR EXISTS (
      SELECT 1 FROM loyalty_clawback c
      WHERE c.accrual_id = a.id AND c.made_at >= t.reviewed_at - interval '5 minutes'))))
UNION
SELECT m.customer_id FROM loyalty_accrual a JOIN customers_membership m ON m.source_record_id = a.source_record_id
WHERE a.programme_id = %(programme)s AND a.made_at >= %(year)s AND m.customer_id > %(after)s
  AND NOT EXISTS (SELECT 1 FROM loyalty_membertier t WHERE t.customer_id = m.customer_id AND t.until IS NULL)
GROUP BY m.customer_id HAVING sum(a.basis - a.returned_basis) >= %(lowest)s
ORDER BY 1 LIMIT %(batch)s
"""


def review_due(*, now: datetime) -> int:
    """Review every member whose tier may have changed; returns how many. May run twice."""
    programme = current(now)
    lowest = _tiers(programme)[:1] if programme is not None else []
    if programme is None or not lowest:
        return 0
    after = reviewed = 0
    while True:
        found = fetch_all(
            _TO_REVIEW,
            {
                "programme": programme.pk,
                "year": year_start(now, programme.time_zone),
                "after": after,
                "now": now,
                "batch": BATCH,
                "lowest": lowest[0].threshold,
            },
        )
        if not found:
            return reviewed
        for (customer_id,) in found:
            with write():
                # The customer first, as everywhere.
                lock(Customer.objects.filter(pk=customer_id))
                review(customer_id=customer_id, now=now)
        after = found[-1][0]
        reviewed += len(found)


def _write(
    customer_id: int, member: MemberTier | None, tier: Tier | None, programme: Programme, spent: int, now: datetime
) -> None:
    keeps_until = None
    if tier is not None and tier.threshold > 0:
        if spent >= tier.threshold:
            keeps_until = year_start(now, programme.time_zone, years=2)
        elif member is not None:
            keeps_until = member.keeps_until
    if member is not None and tier is not None and member.tier_id == tier.pk:
        member.keeps_until, member.spent, member.reviewed_at = keeps_until, spent, now
        member.save(update_fields=["keeps_until", "spent", "reviewed_at"])
        return
    if member is not None:
        member.until = now
        member.save(update_fields=["until"])
    if tier is not None:
        MemberTier.objects.create(
            customer_id=customer_id, tier=tier, since=now, keeps_until=keeps_until, spent=spent, reviewed_at=now
        )


def _member_tier(customer_id: int, programme: Programme) -> MemberTier | None:
    found = MemberTier.objects.select_related("tier").filter(customer=customer_id, until=None)
    return found.filter(tier__programme=programme).first()


def _tiers(programme: Programme) -> list[Tier]:
    return list(programme.tiers.order_by("threshold"))


def _level(tier: Tier) -> Level:
    return Level(tier.code, tier.threshold)


def _levels(tiers: Sequence[Tier]) -> list[Level]:
    return [_level(tier) for tier in tiers]

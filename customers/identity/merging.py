"""Join customers that are one person, part one that is several, and tell every room that follows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from customers import ports
from customers.facts import fold_facts
from customers.identity.components import (
    Regrouped,
    decide,
    latest_decisions,
    lock_customers,
    pair,
    partition,
    regroup,
)
from customers.identity.golden import refresh
from customers.models import Customer, LinkDecision, Membership, ReviewPair
from customers.queries import records_of
from omni.core.db import assert_in_transaction, write
from omni.core.errors import Conflict, Unprocessable
from omni.core.keys import end_customer_tokens
from omni.core.outbox import Change, note

SAME, DIFFERENT = LinkDecision.Verdict.SAME, LinkDecision.Verdict.DIFFERENT


class NotMergeable(Conflict):
    code = "not_mergeable"
    message = _("These customers cannot be merged: one was merged away or erased, or both are the same one.")


class NotTheirs(Unprocessable):
    code = "not_their_record"
    message = _("Name source records of this customer, at least one and not all of them.")


def merge(*, keep: Customer, absorb: Customer, reason: str, by: str, now: datetime) -> Customer:
    """Say that two customers are one person; returns the survivor, the one with the lower number.

    Appends a `same` decision (and overrules every `different` between them), recomputes this component alone,
    has every follower follow and ends the sign-ins of the absorbed one. Locks both customers, ascending.
    Raises NotMergeable (409).
    """
    with write():
        locked = {row.pk: row for row in lock_customers([keep.pk, absorb.pk])}
        if len(locked) < 2 or any(row.merged_into_id or row.erased_at for row in locked.values()):
            raise NotMergeable
        ours, theirs = records_of(keep.pk), records_of(absorb.pk)
        apart = [
            decided
            for decided, verdict in latest_decisions([*ours, *theirs]).items()
            if verdict == DIFFERENT and (decided[0] in ours) != (decided[1] in ours)
        ]
        decide(pairs=[pair(ours[0], theirs[0]), *apart], verdict=SAME, by=by, reason=reason, now=now)
        settle_reviews(records=[*ours, *theirs], by=by, now=now)
        follow(customers=sorted(locked), now=now)
        return Customer.objects.get(pk=min(locked))


def unmerge(
    *, customer: Customer, source_records: Sequence[int], reason: str, by: str, now: datetime
) -> list[Customer]:
    """Part these source records from their customer; returns the customers that there are now, theirs last.

    Appends `different` for every pair across the cut, so that the rules do not join them again, and keeps each
    side together. The records go back to the customer they were before the merge, or to a new one. Locks the
    customer. Raises NotTheirs (422).
    """
    with write():
        lock_customers([customer.pk])
        records, leaving = records_of(customer.pk), sorted(set(source_records))
        staying = [record for record in records if record not in leaving]
        if not leaving or not staying or not set(leaving) <= set(records):
            raise NotTheirs(param="source_records")
        cut = [pair(one, other) for one in leaving for other in staying]
        decide(pairs=cut, verdict=DIFFERENT, by=by, reason=reason, now=now)
        for side in (leaving, staying):
            _keep_together(side, by=by, reason=reason, now=now)
        settle_reviews(records=records, by=by, now=now)
        done = regroup(customers=[customer.pk], moving=leaving, now=now)
        end_customer_tokens(source_records=done.moved_records, now=now)
        rows = {row.pk: row for row in refresh(customers=done.customers, now=now)}
        note([Change("customer.merged", str(key), payload={"unmerged": sorted(rows)}) for key in rows], now=now)
        for follower in ports.followers():
            follower.unmerged(customers=done.customers, now=now)
        return [rows[key] for key in done.customers]


def follow(*, customers: Collection[int], now: datetime) -> Regrouped:
    """After `same` decisions between locked customers: regroup them and have every room follow."""
    assert_in_transaction()
    done = regroup(customers=sorted(customers), now=now)
    if done.absorbed:
        end_customer_tokens(source_records=done.moved_records, now=now)
    refresh(customers=done.customers, now=now)
    for survivor in sorted(set(done.absorbed.values())):
        absorbed = sorted(gone for gone, into in done.absorbed.items() if into == survivor)
        fold_facts(survivor=survivor, absorbed=absorbed)
        note([Change("customer.merged", str(survivor), payload={"absorbed": absorbed})], now=now)
        for follower in ports.followers():
            follower.merged(survivor=survivor, absorbed=absorbed, now=now)
    return done


def settle_reviews(*, records: Collection[int], by: str, now: datetime) -> None:
    """Close the open reviews between records of which a colleague has spoken."""
    ReviewPair.objects.filter(left__in=records, right__in=records, settled_at=None).update(
        settled_at=now, settled_by=by[:100]
    )


def part_for_good(*, review: ReviewPair, by: str, now: datetime) -> ReviewPair:
    """A colleague's word that a pair put before them is two people; the rules never join it. Locks both."""
    with write():
        records = [review.left_id, review.right_id]
        customers = set(Membership.objects.filter(pk__in=records).values_list("customer_id", flat=True))
        lock_customers(customers)
        if len(customers) < 2:
            raise NotMergeable(_("They are one customer by now. Un-merge them instead."))
        decide(pairs=[pair(*records)], verdict=DIFFERENT, by=by, reason=review.reason, now=now)
        settle_reviews(records=records, by=by, now=now)
        review.refresh_from_db()
        return review


def _keep_together(side: Sequence[int], *, by: str, reason: str, now: datetime) -> None:
    """What held a side together may have gone over the cut; chain its parts."""
    parts = partition(side, latest_decisions(side))
    decide(
        pairs=[pair(one[0], other[0]) for one, other in pairwise(parts)], verdict=SAME, by=by, reason=reason, now=now
    )

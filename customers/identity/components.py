"""Which source records are one person: what the latest decisions say, and the customers that follow from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from customers.models import Customer, LinkDecision, Membership
from omni.core.db import assert_in_transaction, fetch_all, lock

Pair = tuple[int, int]


def pair(one: int, other: int) -> Pair:
    """A pair of records has one spelling."""
    return (one, other) if one < other else (other, one)


def latest_decisions(records: Collection[int]) -> dict[Pair, str]:
    """The latest verdict of every decided pair within these records."""
    rows = fetch_all(
        "SELECT DISTINCT ON (left_id, right_id) left_id, right_id, verdict FROM customers_linkdecision"
        " WHERE left_id = ANY(%s) AND right_id = ANY(%s) ORDER BY left_id, right_id, id DESC",
        [list(records), list(records)],
    )
    return {(left, right): verdict for left, right, verdict in rows}


def partition(records: Iterable[int], decisions: Mapping[Pair, str]) -> list[list[int]]:
    """The components that the `same` verdicts make, each ascending, by their lowest record. Pure."""
    parent = {record: record for record in records}

    def root(record: int) -> int:
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for (left, right), verdict in decisions.items():
        if verdict == LinkDecision.Verdict.SAME and left in parent and right in parent:
            low, high = sorted((root(left), root(right)))
            parent[high] = low
    components: dict[int, list[int]] = {}
    for record in sorted(parent):
        components.setdefault(root(record), []).append(record)
    return [components[key] for key in sorted(components)]


@dataclass(slots=True)
class Regrouped:
    """What a new grouping did: who lives, who was absorbed by whom, who is new or back."""

    customers: list[int] = field(default_factory=list)
    absorbed: dict[int, int] = field(default_factory=dict)
    moved_records: list[int] = field(default_factory=list)


def lock_customers(customers: Collection[int]) -> list[Customer]:
    """Lock customers in ascending id."""
    return lock(Customer.objects.filter(pk__in=customers))


def decide(*, pairs: Iterable[Pair], verdict: LinkDecision.Verdict, by: str, reason: str, now: datetime) -> None:
    """Append decisions; the latest on a pair counts."""
    LinkDecision.objects.bulk_create(
        [
            LinkDecision(
                left_id=left, right_id=right, verdict=verdict, decided_by=by[:100], reason=reason[:300], decided_at=now
            )
            for left, right in sorted(set(pairs))
        ]
    )


def regroup(*, customers: Sequence[int], moving: Collection[int] = (), now: datetime) -> Regrouped:
    """Make memberships equal to what the decisions say, for the locked `customers` and their records only.

    A component stays with the lowest of its present customers that no other took; what splits off goes back
    to the customer that its records first were, or to a new one. `moving` records choose last. Customers left
    without records point to who took them.
    """
    assert_in_transaction()
    members = list(Membership.objects.filter(customer__in=customers).order_by("pk"))
    before = {member.pk: member.customer_id for member in members}
    first = {member.pk: member.first_customer_id or member.customer_id for member in members}
    components = partition(before, latest_decisions(before))
    components.sort(key=lambda records: (any(record in moving for record in records), records[0]))
    homes = set(first.values()) - set(before.values())
    asleep = {row.pk for row in lock_customers(homes) if row.merged_into_id is not None and row.erased_at is None}
    done = Regrouped()
    after: dict[int, int] = {}
    for records in components:
        present = {before[record] for record in records} - set(done.customers)
        sleeping = ({first[record] for record in records} & asleep) - set(done.customers)
        chosen = min(present or sleeping, default=None) or Customer.objects.create(created_at=now).pk
        done.customers.append(chosen)
        after.update(dict.fromkeys(records, chosen))
    changed = [member for member in members if after[member.pk] != before[member.pk]]
    for member in changed:
        member.first_customer_id = first[member.pk] if first[member.pk] not in done.customers else after[member.pk]
        member.customer_id = after[member.pk]
    Membership.objects.bulk_update(changed, ["customer", "first_customer"])
    done.moved_records = [member.pk for member in changed]
    for customer in sorted(set(before.values()) - set(done.customers)):
        done.absorbed[customer] = min(after[record] for record, was in before.items() if was == customer)
    followed = {home: min(r for r in first if first[r] == home) for home in asleep - set(done.customers)}
    for customer, survivor in {**{home: after[r] for home, r in followed.items()}, **done.absorbed}.items():
        Customer.objects.filter(pk=customer).update(merged_into=survivor)
    Customer.objects.filter(pk__in=done.customers, merged_into__isnull=False).update(merged_into=None)
    return done

"""One channel tells us of somebody: keep what it told, and find whose it is."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from customers import codes, matching, normalise
from customers.identity.components import Pair, decide, latest_decisions, lock_customers, pair
from customers.identity.evidence import Holders, evidence_of, holders_of
from customers.identity.golden import refresh
from customers.identity.merging import SAME, follow, settle_reviews
from customers.models import Customer, Identifier, LinkDecision, Membership, ReviewPair, SignInCode, SourceRecord
from customers.normalise import Normal
from omni.core.db import fetch_all, write
from omni.core.errors import DomainError
from omni.core.models import Channel

# Decisions made by the rules, not by a person.
RULES = "rules"


@dataclass(frozen=True, slots=True)
class Claim:
    """An identifier as a channel tells it, raw. `verified` is the channel's word, `code` our one-time code."""

    kind: str
    value: str
    verified: bool = False
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """Whose it is. `matched_by` names what agreed (`phone+name`, `external_id`); None for somebody new."""

    customer: Customer
    source_record: SourceRecord
    matched_by: str | None
    created: bool


@dataclass(frozen=True, slots=True)
class Linked:
    """What the rules found for a record: what joined it (`phone+name`) or None, and whether it is somebody new."""

    matched_by: str | None
    created: bool


@dataclass(frozen=True, slots=True)
class _Proved:
    """A normalised claim and how it was proven: '' not at all."""

    normal: Normal
    how: str


def identify(
    *,
    channel: Channel,
    claims: Sequence[Claim],
    name: str = "",
    birth_date: date | None = None,
    external_id: str | None = None,
    told: dict[str, Any] | None = None,
    now: datetime,
    by: str = "",
) -> Identified:
    """Keep what a channel tells of a person as a source record and say which customer that is.

    The same `external_id`, or the same words again, give the same record. Raises BadPhone, BadEmail and
    BadIdentifier (422, `identifiers[i].value`) and WrongCode (403; the wrong try is counted). Serialises on
    the identifiers (advisory locks), then locks the customers concerned, ascending.
    """
    normal = _normalise(claims)
    with write():
        found = _find_codes(claims, normal, now)
        if None not in found.values():
            for code in found.values():
                assert code is not None
                codes.use_code(code, now=now)
            return _identify(
                channel, _proofs(claims, normal, channel), " ".join(name.split()), birth_date, external_id or None,
                dict(told or {}), now, by,
            )  # fmt: skip
    # Told after the block, so that a caller without a transaction of its own keeps the count of wrong tries.
    raise _wrong_code(found)


def add_record(
    *, customer: Customer, channel: Channel, claims: Sequence[Claim], name: str = "", birth_date: date | None = None,
    told: dict[str, Any], now: datetime, by: str, by_channel: bool = True,
) -> SourceRecord:  # fmt: skip
    """A correction of what we know of a customer, as one more source record of theirs; locks the customer.

    `told` may hold language, address and preferences. Its word weighs more than what channels told before.
    `by_channel`: the channel tells it, whose word may be proof; a customer's own word never is, their code is.
    Raises WrongCode (403; the wrong try is counted).
    """
    normal = _normalise(claims)
    with write():
        found = _find_codes(claims, normal, now)
        if None not in found.values():
            for code in found.values():
                assert code is not None
                codes.use_code(code, now=now)
            proofs = _proofs(claims, normal, channel, by_channel=by_channel)
            return _add_record(customer, channel, normal, proofs, name, birth_date, told, now, by)
    raise _wrong_code(found)


def _add_record(
    customer: Customer, channel: Channel, normal: Sequence[Normal], proofs: Sequence[_Proved], name: str,
    birth_date: date | None, told: dict[str, Any], now: datetime, by: str,
) -> SourceRecord:  # fmt: skip
    with write():
        serialise(channel, None, normal)
        lock_customers([customer.pk])
        record = SourceRecord.objects.create(
            channel=channel, name=" ".join(name.split()), birth_date=birth_date,
            told={**told, "corrects": True, "by": by}, created_at=now,
        )  # fmt: skip
        anchor = Membership.objects.filter(customer=customer).order_by("pk").values_list("pk", flat=True)[0]
        Membership.objects.create(source_record=record, customer=customer, first_customer=customer)
        decide(pairs=[pair(anchor, record.pk)], verdict=SAME, by=by, reason="told by themselves", now=now)
        _attach(record, proofs, now)
        refresh(customers=[customer.pk], now=now)
        return record


def link_by_rules(*, record: SourceRecord, now: datetime) -> Linked:
    """Judge a record against all that share an identifier with it, append the decisions and regroup.

    A record without a customer gets one. Locks the customers of all that share an identifier, ascending.
    """
    held = list(record.identifiers.filter(valid_until=None).order_by("kind", "value"))
    concerned = {home for row in held for home in holders_of(row.kind, row.value).records.values()}
    lock_customers(concerned | _customers_of({record.pk}))
    shared = [holders_of(row.kind, row.value) for row in held]
    verdicts, own = _judge(record, shared)
    joined = [(other, verdict) for other, verdict in verdicts.items() if verdict.outcome == "joined"]
    homes = dict(
        Membership.objects.filter(pk__in=[other for other, _verdict in joined]).values_list("pk", "customer_id")
    )
    group, taken, reason = set(own), _customers_of(own), None
    reviews = {other: verdict for other, verdict in verdicts.items() if verdict.outcome == "review"}
    pairs: dict[Pair, str] = {}
    for other, verdict in sorted(joined, key=_strongest):
        if homes[other] in taken:
            continue
        theirs = set(Membership.objects.filter(customer=homes[other]).values_list("pk", flat=True))
        against = _conflict(group, theirs)
        if against:
            reviews[other] = matching.Verdict("review", f"{verdict.reason}, {against} differs")
            continue
        group |= theirs
        taken.add(homes[other])
        pairs[pair(record.pk, other)] = verdict.reason
        reason = reason or verdict.reason
    for decided, why in pairs.items():
        decide(pairs=[decided], verdict=SAME, by=RULES, reason=why, now=now)
    _put_before_a_person(record, {other: v for other, v in reviews.items() if other not in group}, now)
    created = _settle(record, taken, now)
    if pairs:
        settle_reviews(records=_records_with(record.pk), by=RULES, now=now)
    return Linked(reason, created)


def _settle(record: SourceRecord, customers: set[int], now: datetime) -> bool:
    """Give the record its customer and let customers that turned out to be one become one.

    Returns whether the customer is a new one.
    """
    created = not customers
    if not Membership.objects.filter(pk=record.pk).exists():
        customer = min(customers) if customers else Customer.objects.create(created_at=now).pk
        Membership.objects.create(source_record=record, customer_id=customer, first_customer_id=customer)
        customers = customers | {customer}
    if len(customers) > 1:
        follow(customers=customers, now=now)
    else:
        refresh(customers=customers, now=now)
    return created


def _identify(
    channel: Channel,
    proofs: list[_Proved],
    name: str,
    birth_date: date | None,
    external_id: str | None,
    told: dict[str, Any],
    now: datetime,
    by: str,
) -> Identified:
    serialise(channel, external_id, [proved.normal for proved in proofs])
    record, known_by = _record_told_before(channel, proofs, name, birth_date, external_id, told)
    if record is None:
        told = {**told, "identifiers": [{"kind": p.normal.kind, "value": p.normal.value} for p in proofs]}
        first = known_by and SourceRecord.objects.get(channel=channel, external_id=external_id)
        record = SourceRecord.objects.create(
            channel=channel,
            external_id=None if first else external_id,
            name=name[:200],
            birth_date=birth_date,
            told={**told, "external_id": external_id} if first else told,
            created_at=now,
        )
        if first:
            home = Membership.objects.get(pk=first.pk).customer_id
            lock_customers([home])
            decide(pairs=[pair(first.pk, record.pk)], verdict=SAME, by=RULES, reason="external_id", now=now)
            Membership.objects.create(source_record=record, customer_id=home, first_customer_id=home)
    _attach(record, proofs, now)
    linked = link_by_rules(record=record, now=now)
    customer = Customer.objects.get(memberships__source_record=record)
    return Identified(customer, record, linked.matched_by or known_by, linked.created)


def _record_told_before(
    channel: Channel,
    proofs: list[_Proved],
    name: str,
    birth_date: date | None,
    external_id: str | None,
    told: dict[str, Any],
) -> tuple[SourceRecord | None, str | None]:
    """The record that already holds these very words, and what it is known by.

    (None, "external_id"): that id is known, but with other words, which need a record of their own.
    """
    mine = SourceRecord.objects.filter(channel=channel)
    if external_id is not None:
        first = mine.filter(external_id=external_id).first()
        if first is None:
            return None, None
        later = mine.filter(
            membership__customer__memberships__source_record=first, told__external_id=external_id
        ).order_by("-pk")
        for record in [*later, first]:
            if name in {"", record.name} and birth_date in {None, record.birth_date} and _told_in(told, record):
                return record, "external_id"
        return None, "external_id"
    if not proofs:
        return None, None
    wanted = {(proved.normal.kind, proved.normal.value) for proved in proofs}
    probe = proofs[0].normal
    for record in (
        mine.filter(
            identifiers__kind=probe.kind, identifiers__value=probe.value, identifiers__valid_until=None,
            external_id=None, name=name[:200], birth_date=birth_date,
        )
        .order_by("pk")
        .prefetch_related("identifiers")[:20]
    ):  # fmt: skip
        holds = {(row.kind, row.value) for row in record.identifiers.all() if row.valid_until is None}
        if holds == wanted and not record.told.get("corrects") and _told_in(told, record):
            return record, "same_words"
    return None, None


def _told_in(told: dict[str, Any], record: SourceRecord) -> bool:
    return all(record.told.get(key) == value for key, value in told.items())


def _normalise(claims: Sequence[Claim]) -> list[Normal]:
    found = []
    for index, claim in enumerate(claims):
        try:
            found.append(normalise.identifier(claim.kind, claim.value))
        except DomainError as refusal:
            refusal.param = f"identifiers[{index}].value"
            raise
    return found


def _find_codes(claims: Sequence[Claim], normal: Sequence[Normal], now: datetime) -> dict[int, SignInCode | None]:
    """For each claim that brings a code: the live code that it is, or None where it is wrong (and counted)."""
    return {
        index: codes.find_code(kind=own.kind, value=own.value, code=claim.code, now=now)
        for index, (claim, own) in enumerate(zip(claims, normal, strict=True))
        if claim.code
    }


def _wrong_code(found: dict[int, SignInCode | None]) -> codes.WrongCode:
    wrong = next(index for index, code in found.items() if code is None)
    return codes.WrongCode(param=f"identifiers[{wrong}].code")


def _proofs(
    claims: Sequence[Claim], normal: Sequence[Normal], channel: Channel, *, by_channel: bool = True
) -> list[_Proved]:
    """What of the claims is proven. The codes have been found right. The word of a marketplace is somebody else's:
    taken for proof, it could put its own e-mail beside another person's phone and sign in as them."""
    trusted = by_channel and channel.kind != Channel.Kind.MARKETPLACE
    proved = {}
    for claim, own in zip(claims, normal, strict=True):
        # Whoever tells a card or a social account holds it.
        word = trusted and (claim.verified or own.kind in matching.PERSONAL)
        how = "code" if claim.code else f"channel:{channel.code}" if word else ""
        if (own.kind, own.value) not in proved or how:
            proved[own.kind, own.value] = _Proved(own, how[:60])
    return list(proved.values())


def serialise(channel: Channel, external_id: str | None, normal: Sequence[Normal]) -> None:
    """Two tellers of one thing wait for each other; ascending, so that they never wait in a circle."""
    things = [f"{own.kind}:{own.value}" for own in normal]
    things += [f"external:{channel.pk}:{external_id}"] if external_id else []
    numbers = {int.from_bytes(hashlib.sha256(thing.encode()).digest()[:8], "big", signed=True) for thing in things}
    for number in sorted(numbers):
        fetch_all("SELECT pg_advisory_xact_lock(%s)", [number])


def _attach(record: SourceRecord, proofs: Sequence[_Proved], now: datetime) -> None:
    for proved in proofs:
        own = proved.normal
        row, _made = Identifier.objects.get_or_create(
            source_record=record, kind=own.kind, value=own.value, valid_until=None,
            defaults={"written": own.written, "valid_from": now, "proven": False},
        )  # fmt: skip
        if proved.how:
            prove(row, how=proved.how, now=now)


def prove(row: Identifier, *, how: str, now: datetime) -> bool:
    """A claim that came with proof. The identifier keeps one owner: the same person elsewhere stays it, another
    person loses it to a code of ours, and keeps it against a channel's word. Returns whether it counts."""
    owner = (
        Identifier.objects.filter(kind=row.kind, value=row.value, valid_until=None, verified_at__isnull=False)
        .exclude(pk=row.pk)
        .first()
    )
    if owner is not None:
        theirs = set(_records_with(owner.source_record_id))
        mine = set(_records_with(row.source_record_id))
        if mine != theirs and _conflict(mine, theirs):
            if how != "code":
                return False
            homes = _customers_of(theirs)
            lock_customers(homes)
            Identifier.objects.filter(
                source_record__in=theirs, kind=row.kind, value=row.value, valid_until=None
            ).update(valid_until=now)
            refresh(customers=homes, now=now)
            owner = None
    if row.verified_at is None and owner is None:
        row.verified_at, row.verified_by = now, how
    row.proven = True
    row.save(update_fields=["verified_at", "verified_by", "proven"])
    return True


def _judge(record: SourceRecord, shared: Sequence[Holders]) -> tuple[dict[int, matching.Verdict], set[int]]:
    """The verdict on every other record that shares an identifier, and the records already one with this one."""
    own = set(_records_with(record.pk))
    others = {other for holders in shared if not holders.generic for other in holders.records} - own
    generic = {(holders.kind, holders.value) for holders in shared if holders.generic}
    evidence = evidence_of({record.pk, *others}, generic)
    decided = latest_decisions({record.pk, *others})
    return {
        other: matching.judge(evidence[record.pk], evidence[other])
        for other in sorted(others)
        if decided.get(pair(record.pk, other)) != LinkDecision.Verdict.DIFFERENT
    }, own


def _conflict(ours: set[int], theirs: set[int]) -> str:
    """Why two groups of records cannot be one person: a contradiction, or a person's word that they differ."""
    evidence = evidence_of(ours | theirs)
    for one in sorted(ours):
        for other in sorted(theirs):
            against = matching.contradiction(evidence[one], evidence[other])
            if against:
                return against
    for (left, right), verdict in latest_decisions(ours | theirs).items():
        if verdict == LinkDecision.Verdict.DIFFERENT and (left in ours) != (right in ours):
            return "decision"
    return ""


def _strongest(joined: tuple[int, matching.Verdict]) -> tuple[int, int]:
    kinds = [*matching.PERSONAL, *matching.SHAREABLE]
    return kinds.index(joined[1].reason.partition("+")[0]), joined[0]


def _records_with(record: int) -> list[int]:
    """This record and those that are one customer with it."""
    mates = Membership.objects.filter(customer__memberships=record).values_list("pk", flat=True)
    return list(mates) or [record]


def _customers_of(records: set[int]) -> set[int]:
    return set(Membership.objects.filter(pk__in=records).values_list("customer_id", flat=True))


def _put_before_a_person(record: SourceRecord, reviews: dict[int, matching.Verdict], now: datetime) -> None:
    """One open review per other customer, for the record of theirs that resembles most."""
    homes = dict(Membership.objects.filter(pk__in=reviews).values_list("pk", "customer_id"))
    seen: set[int] = set()
    rows = []
    for other, verdict in sorted(reviews.items()):
        if homes[other] in seen:
            continue
        seen.add(homes[other])
        left, right = pair(record.pk, other)
        rows.append(
            ReviewPair(
                left_id=left, right_id=right, reason=verdict.reason, evidence={"agrees": verdict.reason}, found_at=now
            )
        )
    ReviewPair.objects.bulk_create(rows, ignore_conflicts=True)

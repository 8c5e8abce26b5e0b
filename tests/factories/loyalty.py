"""Members, programmes and points."""

from datetime import UTC, datetime

import factory

from customers.models import Customer, Membership, SourceRecord
from loyalty.models import Programme, Tier
from tests.factories.core import ChannelFactory

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class ProgrammeFactory(factory.django.DjangoModelFactory):
    """1 point for each 1,000 ₫; a point is worth 100 ₫; spendable after 30 days, ends with the 12th month."""

    class Meta:
        model = Programme
        django_get_or_create = ("code",)

    code = "club"
    name_vi = "Câu lạc bộ"
    name_en = "Club"
    currency = "VND"
    earn_points = 1
    earn_per = 1_000
    point_value = 100


class TierFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tier

    programme = factory.SubFactory(ProgrammeFactory)
    code = factory.Sequence(lambda n: f"tier-{n}")
    name_vi = factory.LazyAttribute(lambda tier: tier.code.title())
    name_en = factory.LazyAttribute(lambda tier: tier.code.title())


def make_member(name: str = "Alice", *, records: int = 1) -> tuple[Customer, list[int]]:
    """A customer with so many source records; returns the customer and the records' ids."""
    customer = Customer.objects.create(name=name, created_at=BEGINNING)
    made = []
    for _index in range(records):
        record = SourceRecord.objects.create(channel=ChannelFactory(code="web"), name=name, created_at=BEGINNING)
        Membership.objects.create(source_record=record, customer=customer)
        made.append(record.pk)
    return customer, made


def give_points(record: int, points: int, *, order: str, now: datetime) -> None:
    """So many points that can be spent at once, as an order of 1,000 ₫ a point earned them."""
    from loyalty.earning import accrue, release_due

    accrue(source_record=record, order=order, basis=points * 1_000, currency="VND", now=now, pending_days=0)
    release_due(now=now)

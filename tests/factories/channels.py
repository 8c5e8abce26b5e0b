"""Offers on their way, and channels of each adapter."""

import factory

from catalog.models import Category, Offer, Product, Variant
from omni.channels.models import Delivery
from omni.core.db import fetch_all
from omni.core.models import Channel, OutboxMessage
from tests.factories.core import ChannelFactory


class WebShopFactory(ChannelFactory):
    """A channel that shows and sells by the reference adapter; `settings` come from the shop it is connected to."""

    adapter = "reference"
    settings = factory.LazyFunction(lambda: {"url": "http://127.0.0.1:9/shops/none", "token": "none"})


class MailFactory(ChannelFactory):
    code = factory.Sequence(lambda n: f"mail-{n}")
    kind = Channel.Kind.EMAIL
    adapter = "smtp"
    can_sell = can_show = False
    can_message = True


class SmsFactory(MailFactory):
    code = factory.Sequence(lambda n: f"sms-{n}")
    kind = Channel.Kind.SMS
    adapter = "sms_gateway"


class DeliveryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Delivery

    channel = factory.SubFactory(WebShopFactory)
    topic = "offer"
    key = factory.Sequence(lambda n: f"SKU-{n}")
    wanted = 1


def next_version() -> int:
    return int(fetch_all("SELECT nextval('catalog_offer_version')")[0][0])


def offer(sku: str, *, now, price: int = 100_000, atp: int = 5, **fields) -> Offer:
    """An offer of a SKU at its first version, noted in the outbox as a change."""
    category, _ = Category.objects.get_or_create(code="all", defaults={"name_vi": "Tất cả", "name_en": "All"})
    product, _ = Product.objects.get_or_create(
        handle=sku.lower(),
        defaults={"name_vi": f"Áo {sku}", "name_en": f"Shirt {sku}", "category": category, "created_at": now},
    )
    variant, _ = Variant.objects.get_or_create(sku=sku, defaults={"product": product, "created_at": now})
    row = Offer.objects.create(
        variant=variant,
        currency="VND",
        price=price,
        atp=atp,
        sellable=atp > 0,
        version=next_version(),
        updated_at=now,
        **fields,
    )
    note_change(row, now=now)
    return row


def change(row: Offer, *, now, urgency: int = 2, **fields) -> Offer:
    """Change an offer: the next version, noted in the outbox."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.version = next_version()
    row.save()
    note_change(row, now=now, urgency=urgency)
    return row


def note_change(row: Offer, *, now, urgency: int = 2) -> OutboxMessage:
    return OutboxMessage.objects.create(
        kind="offer.changed",
        key=row.variant.sku,
        version=row.version,
        payload={"urgency": urgency},
        created_at=now,
    )

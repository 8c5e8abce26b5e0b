"""A believable retailer for the first run: Mây, six stores from Hải Phòng to Cần Thơ, clothes and things of home."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from random import Random

from django.contrib.auth.hashers import make_password
from django.db import transaction

from catalog.models import Variant
from catalog.offers import refresh_offers
from omni.channels.adapters import reference, sms_gateway, smtp
from omni.core import clock
from omni.core.models import Channel
from omni.embedded.seed.goods import make_catalog, make_promotions, make_stock
from omni.embedded.seed.lately import make_lately
from omni.embedded.seed.members import make_loyalty
from omni.embedded.seed.people import make_customers
from omni.embedded.seed.places import make_channels, make_passwords, make_places, make_staff
from omni.embedded.seed.trade import imagine_trade


def seed(*, progress: Callable[[str], None]) -> dict[str, str]:
    """Fill an empty shop; returns the passwords of its staff, made at random. Always the same people and goods."""
    random = Random(20260617)  # noqa: S311  a believable shop, not a secret
    now = clock.now()
    passwords = make_passwords()
    with _hashing(passwords) as hashes, transaction.atomic():
        progress("stores and channels")
        make_places(now=now)
        make_channels(now=now)
        progress("400 variants with their prices")
        variants = make_catalog(now=now, random=random)
        progress("2,000 customers")
        records = make_customers(now=now, random=random)
        progress("90 days of orders")
        trade = imagine_trade(records=records, variants=variants, now=now, random=random)
        make_stock(variants=variants, sold=trade.sold(), now=now, random=random)
        trade.write_orders()
        trade.write_sales()
        progress("points and promotions")
        make_loyalty(trade=trade, now=now)
        make_promotions(now=now)
        progress("what everybody sees: offers")
        refresh_offers(variant_ids=list(Variant.objects.values_list("pk", flat=True)), now=now)
        progress("staff")
        make_staff(hashed={username: hashed.result() for username, hashed in hashes.items()})
    progress("today's orders, and what is to be done")
    make_lately(random=random, now=now)
    return passwords


@contextmanager
def _hashing(passwords: Mapping[str, str]) -> Iterator[dict[str, Future[str]]]:
    """Hashes by user name, in the making: each takes half a second on purpose, of a core that the rest leaves idle."""
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        yield {username: pool.submit(make_password, password) for username, password in passwords.items()}
    finally:
        pool.shutdown(cancel_futures=True)


def connect_channels(*, peer_http_port: int, peer_smtp_port: int, web_url: str) -> None:
    """Tell the channels where the world next door is this time, and that world where the shop is."""
    peer = f"http://127.0.0.1:{peer_http_port}"
    for channel in Channel.objects.filter(adapter="reference"):
        reference.connect(
            channel=channel,
            url=f"{peer}/shops/{channel.code}",
            webhook_url=f"{web_url}/api/v1/channels/{channel.code}/webhook",
        )
    for channel in Channel.objects.filter(adapter="sms_gateway"):
        sms_gateway.connect(channel=channel, url=f"{peer}/sms")
    for channel in Channel.objects.filter(adapter="smtp"):
        smtp.connect(channel=channel, host="127.0.0.1", port=peer_smtp_port)

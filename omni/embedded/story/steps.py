"""The ten steps, the first six of them here. Each returns what it verified, in words; its docstring is its title."""

import csv
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from catalog.models import StockLevel
from omni.core.secrets import ALPHABET
from omni.embedded.story.afterwards import change_a_price, earn_and_spend, look_at_the_report, return_one
from omni.embedded.story.client import StoryError, expect, expect_equal, plain, wait_for
from omni.embedded.story.world import HOME, SELLING, World

Step = Callable[[World], list[str]]
NAME = "Nguyễn Thị Lan"


def import_products(world: World) -> list[str]:
    """Products come in from a Shopify CSV"""
    shared = Path(settings.BASE_DIR).parent / "shared" / "data" / "shopify"
    files = sorted(shared.glob("*.csv")) or [Path(settings.BASE_DIR) / "catalog" / "samples" / "shopify-sample.csv"]
    options = ("--format", "shopify", "--currency", "USD", "--rate", "25000", "--location", HOME)
    for file in files:
        world.manage("import_products", str(file), *options)
    handle, price = _without_sku(files)
    found = world.api["web"].get("variants", search=handle.replace("-", " "))["results"]
    mine = [variant for variant in found if variant["sku"].lower().startswith(handle)]
    expect(mine, f"the imported product {handle} is found by the web's search, with a SKU made of its handle")
    world.imported_sku = mine[0]["sku"]
    expect_equal(mine[0]["price"]["amount"], price * 25_000, f"the price of {world.imported_sku} in VND")
    skus = _all_skus(world)
    for file in files:
        world.manage("import_products", str(file), *options)
    expect_equal(_all_skus(world) ^ skus, set(), "what SKUs are other after importing the same again")
    world.demo_sku = "AO-POLO-NAM-M-TRANG"
    for sku in (world.imported_sku, world.demo_sku):
        wait_for(f"{sku} can be bought at {HOME}", lambda sku=sku: world.atp(sku, HOME) > 0)  # type: ignore[misc]
    names = ", ".join(file.name for file in files)
    return [
        f"{names}: {len(skus)} variants in the catalog; the same SKUs when imported again",
        f"{world.imported_sku}: its SKU made of handle and options, {price} USD are {price * 25_000:.0f} VND",
    ]


def know_the_customer(world: World) -> list[str]:
    """One person on two channels is one customer, a stranger with that phone is another"""
    app, till = world.api["app"], world.api["till"]
    phone = {"kind": "phone", "value": "090 123 45 67"}
    signed_up = app.post("customers/identify", {"identifiers": [phone], "name": NAME})
    expect(signed_up["created"], "a new phone and name make a new customer")
    code = world.code_by_sms(till)
    identifiers = [
        {**phone, "code": code, "verified": True},
        {"kind": "email", "value": world.email},
        {"kind": "card", "value": world.card, "verified": True},
    ]
    at_till = till.post("customers/identify", {"identifiers": identifiers, "name": "Nguyen Thi Lan"})
    expect_equal(at_till["customer"], signed_up["customer"], "the customer at the till")
    world.customer = signed_up["customer"]
    golden = till.get(f"customers/{world.customer}")
    expect_equal((golden["phone"], golden["email"]), (world.phone, world.email), "the golden record")
    stranger = world.api["call"].post("customers/identify", {"identifiers": [phone], "name": "Trần Văn Hùng"})
    expect(stranger["customer"] != world.customer, "a phone alone joins nobody")
    return [f"customer {world.customer}: phone from the app, e-mail and card from the till", "the stranger stays apart"]


def quote_everywhere(world: World) -> list[str]:
    """The same basket costs the same on every channel, and says why"""
    body = {"customer": world.customer, "lines": _basket(world)}
    quotes = {code: world.api[code].post("quotes", body) for code in ("web", "app", "till", "call")}
    totals = {code: quote["total"] for code, quote in quotes.items()}
    expect(len(set(totals.values())) == 1, f"all channels quote the same total: {totals}")
    quote = quotes["web"]
    for line in quote["lines"]:
        explained = line["list_total"] + sum(part["amount"] for part in line["adjustments"])
        expect_equal(explained, line["total"], f"what explains line {line['sku']}")
    whole = sum(line["total"] for line in quote["lines"]) + quote["charges_total"]
    whole += sum(part["amount"] for part in quote["order_adjustments"])
    expect_equal(whole, quote["total"], "the sum of the explanation")
    expect_equal(quote["list_total"] - quote["discount_total"] + quote["charges_total"], quote["total"], "the total")
    return [f"{quote['total']} {quote['currency']} on {', '.join(totals)}", "the explanation adds up to the unit"]


def carry_the_cart(world: World) -> list[str]:
    """A cart begun in the app goes on on the web by its code"""
    app, web = world.api["app"], world.api["web"]
    cart = app.post("carts", {"customer": world.customer, "lines": _basket(world)})
    app.put(f"carts/{cart['id']}/fulfilment", {"method": "bopis", "location": HOME})
    handoff = app.post(f"carts/{cart['id']}/handoff")
    expect("<svg" in handoff["qr_svg"], "the hand-over has a QR picture")
    resumed = web.post("carts/resume", {"code": handoff["code"]})
    expect_equal(resumed["id"], cart["id"], "the cart on the web")
    expect_equal(resumed["missing"], [], "what is left to enter")
    again = web.try_post("carts/resume", {"code": handoff["code"]})
    expect_equal(again.json()["error"]["code"], "wrong_code", "the answer to a second use of the code")
    world.cart = cart["id"]
    return ["the same cart, the same lines, nothing to enter again", "a second use of the code is refused"]


def place_the_order(world: World) -> list[str]:
    """It becomes a BOPIS order: stock is held at once and every channel is told"""
    web = world.api["web"]
    world.before_order = world.sales(world.today())
    before = {sku: world.atp(sku, HOME) for sku in (world.imported_sku, world.demo_sku)}
    cart = web.get(f"carts/{world.cart}")
    body = {
        "cart": world.cart,
        "quote": cart["quote"]["id"],
        "fulfilment": {"method": "bopis", "location": HOME},
        "payments": [{"tender": "card", "amount": cart["quote"]["total"], "reference": "TERM-0001"}],
    }
    world.order = web.post_often("orders", body)
    expect_equal(world.order["status"], "placed", "the order's status")
    for sku, atp in before.items():
        expect_equal(world.live_atp(sku, HOME), atp - 1, f"what {HOME} can promise of {sku} right after placing")
        wait_for(
            f"the app shows {atp - 1} of {sku}",
            lambda sku=sku, atp=atp: world.atp(sku, HOME, "app") == atp - 1,  # type: ignore[misc]
        )
    version = wait_for("an offer version", lambda: _offer_version(world, world.demo_sku))
    for channel in SELLING:
        wait_for(
            f"{channel}'s shop has the push",
            lambda channel=channel: world.shown(channel, world.demo_sku).get("version", 0) >= version,  # type: ignore[misc]
        )
    return [
        f"order {world.order['number']}, one of each held at {HOME}",
        "sent six times with one key it is one order",
        f"pushed to {', '.join(SELLING)}",
    ]


def collect_it(world: World) -> list[str]:
    """A clerk picks it, an e-mail leaves, the customer collects with the code"""
    fulfilment = world.order["fulfilments"][0]["id"]
    world.clerk.post(f"fulfilments/{fulfilment}/accept")
    lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in world.order["lines"]]
    world.clerk.post(f"fulfilments/{fulfilment}/pick", {"lines": lines})
    world.clerk.post(f"fulfilments/{fulfilment}/ready")
    mail = wait_for("the e-mail that it is ready", lambda: _mail_with_code(world), seconds=30)
    wrong = world.clerk.try_post(f"fulfilments/{fulfilment}/collect", {"code": "WRONGCOD"})
    expect_equal((wrong.status_code, wrong.json()["error"]["code"]), (403, "wrong_code"), "the answer to a wrong code")
    expect_equal(wrong.json()["error"]["details"]["tries_left"], 4, "the tries left")
    before = {line["sku"]: _on_hand(world, line["sku"]) for line in lines}
    world.api["till"].post(f"fulfilments/{fulfilment}/collect", {"code": mail})
    for line in lines:
        left = before[line["sku"]] - line["quantity"]
        expect_equal(_on_hand(world, line["sku"]), left, f"what lies of {line['sku']} at {HOME}")
    again = world.api["till"].try_post(f"fulfilments/{fulfilment}/collect", {"code": mail})
    expect(again.status_code in (403, 409), f"a code collects once, but it answered {again.status_code} again")
    world.order = world.api["web"].get(f"orders/{world.order['number']}")
    expect_equal(world.order["status"], "completed", "the order's status")
    # Now, for when the clock moves the pick-ups that nobody came for leave the day's sales.
    world.after_order = world.sales(world.day_of(world.order["placed_at"]))
    return ["the e-mail came through SMTP with a code in it", "a wrong code is refused, the right one hands over, once"]


STEPS: list[Step] = [
    import_products,
    know_the_customer,
    quote_everywhere,
    carry_the_cart,
    place_the_order,
    collect_it,
    earn_and_spend,
    change_a_price,
    return_one,
    look_at_the_report,
]


def _basket(world: World) -> list[dict[str, Any]]:
    return [{"sku": world.imported_sku, "quantity": 1}, {"sku": world.demo_sku, "quantity": 1}]


def _without_sku(files: list[Path]) -> tuple[str, Decimal]:
    """Handle and price of the first product that comes without a SKU."""
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                if row["Variant Price"] and not row["Variant SKU"]:
                    return row["Handle"], Decimal(row["Variant Price"])
    raise StoryError("expected a product without a SKU in " + ", ".join(map(str, files)))


def _all_skus(world: World) -> set[str]:
    skus: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = world.api["web"].get("variants", limit=200, **({"cursor": cursor} if cursor else {}))
        skus |= {variant["sku"] for variant in page["results"]}
        cursor = page["next"]
    return skus


def _on_hand(world: World, sku: str) -> int:
    return StockLevel.objects.get(variant__sku=sku, location__code=HOME).on_hand


def _offer_version(world: World, sku: str) -> int:
    return int(world.shown("web", sku).get("version", 0))


def _mail_with_code(world: World) -> str:
    """The pick-up code in the newest ready mail, typed off as it stands there, in two groups of four."""
    for mail in world.mail_to(world.email):
        found = re.search(rf"\b[{ALPHABET}]{{4}} [{ALPHABET}]{{4}}\b", plain(mail["text"]))
        if found:
            return found[0]
    return ""

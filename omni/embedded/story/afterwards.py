"""What comes after the hand-over: points, another price, a return, and what the books say of it all."""

from typing import Any

from catalog.models import StockLevel
from loyalty.models import Accrual, Lot
from omni.core.models import Channel, Location
from omni.embedded.story.client import expect, expect_equal, wait_for
from omni.embedded.story.world import HOME, OTHER, SELLING, Sales, World


def earn_and_spend(world: World) -> list[str]:
    """Points wait for the return window, then pay at another store with the card"""
    web, till = world.api["web"], world.api["other till"]
    points = world.order["points"]["earned"]
    expect(points > 0, "the order earned points")
    earned = web.get(f"loyalty/{world.customer}")
    expect_equal((earned["available"], earned["pending"]), (0, points), "available and pending points at first")
    world.manage("advance_clock", "31d")
    after = wait_for(
        "the points become available",
        lambda: (found := web.get(f"loyalty/{world.customer}"))["available"] > 0 and found,
        seconds=30,
    )
    expect_equal((after["available"], after["pending"]), (points, 0), "available and pending points after 31 days")
    expect_equal([lot["points"] for lot in after["lots"]], [points], "the lots of points")
    by_card = till.get(f"loyalty/by-card/{world.card}")
    expect_equal((by_card["customer"], by_card["available"]), (world.customer, points), "who the card is")

    # A part only, so that the return has something left to take back.
    spent = points // 4
    lines = [{"sku": _in_stock_at(world, OTHER), "quantity": 1}]
    quote = till.post("quotes", {"customer": world.customer, "lines": lines, "points_to_spend": spent})
    expect_equal(quote["points_value"], spent * after["programme"]["point_value"], "what the points are worth")
    wish = {
        "customer": world.customer,
        "lines": lines,
        "quote": quote["id"],
        "fulfilment": {"method": "carry_out", "location": OTHER},
        "points_to_spend": spent,
        "payments": [{"tender": "cash", "amount": quote["total"] - quote["points_value"]}],
    }
    placed = till.post_often("orders", wish)
    expect_equal(placed["status"], "completed", "the status of what was carried out")
    expect_equal(placed["points"]["spent"], spent, "the points that the order took")
    left = web.get(f"loyalty/{world.customer}")
    expect_equal(left["available"], points - spent, "points left")
    expect_equal(left["pending"], placed["points"]["earned"], "points that the second order earned")
    lots = Lot.objects.filter(account__source_record__membership__customer=int(world.customer), remaining__gt=0)
    expect_equal(sum(lot.remaining for lot in lots), points - spent, "what is left in lots")
    spending = [entry for entry in _entries(world, placed["number"]) if entry["points"] < 0]
    expect_equal([entry["points"] for entry in spending], [-spent], "the entries that took points for it")
    return [
        f"{points} points: pending, available after 31 days",
        f"{spent} of them spent at {OTHER} for {quote['points_value']}, once though asked six times",
        f"{points - spent} left in balance, lots and entries alike",
    ]


def change_a_price(world: World) -> list[str]:
    """A price changes once and every channel shows it within seconds"""
    sku = world.demo_sku
    old = world.api["web"].get(f"variants/{sku}")["price"]["amount"]
    new = old + 11_000
    world.manager.post(f"variants/{sku}/prices", {"amount": new, "reason": "New season"})
    for channel in SELLING:
        wait_for(
            f"{channel}'s shop shows {new}",
            lambda channel=channel: world.shown(channel, sku).get("price") == new,  # type: ignore[misc]
        )
    return [f"{sku}: {old} became {new}", f"read back from {', '.join(SELLING)}"]


def return_one(world: World) -> list[str]:
    """One of two items comes back at another store: money, points and stock to the unit"""
    number, sku = world.order["number"], world.demo_sku
    till, web = world.api["other till"], world.api["web"]
    line = next(line for line in world.order["lines"] if line["sku"] == sku)
    world.before_return = world.sales(world.today())
    before = web.get(f"loyalty/{world.customer}")
    stock = {location: world.live_atp(sku, location) for location in (HOME, OTHER)}
    on_hand = {location: _on_hand(sku, location) for location in (HOME, OTHER)}
    wish = {
        "location": OTHER,
        "lines": [{"sku": sku, "quantity": 1, "reason": "too small", "condition": "sellable"}],
        "refund_to": "original",
    }
    back = world.refunded = till.post_often(f"orders/{number}/returns", wish)
    again = till.try_post(f"orders/{number}/returns", wish)
    expect_equal(again.json()["error"]["code"], "over_return", "the answer to returning it twice")

    # Money: what this line cost then, to the card that paid it.
    expect_equal(back["refunds"], [{"tender": "card", "amount": line["total"]}], "the refund")
    order = web.get(f"orders/{number}")
    paid = [(payment["tender"], payment["refunded"]) for payment in order["payments"]]
    expect_equal(paid, [("card", line["total"])], "what the order's payments gave back")
    # Stock: one more where it came back, nothing changed where it was sold.
    for location, more in ((HOME, 0), (OTHER, 1)):
        expect_equal(world.live_atp(sku, location), stock[location] + more, f"what {location} can promise of {sku}")
        expect_equal(_on_hand(sku, location), on_hand[location] + more, f"what lies of {sku} at {location}")
    taken = _check_points_taken(world, before, back, line["total"])
    happened = {item["kind"] for item in _timeline(world) if item["about"] == number}
    expect("order.returned" in happened, f"the customer's timeline shows the return; it shows {sorted(happened)}")
    return [
        f"{line['total']} back to the card that paid, once though asked six times; a second return is refused",
        f"{taken} of {world.order['points']['earned']} points taken back, in proportion; the balance fell by as many",
        f"one more {sku} at {OTHER}, none at {HOME}; the customer's timeline shows it",
    ]


def _check_points_taken(world: World, before: dict[str, Any], back: dict[str, Any], returned: int) -> int:
    """Points are taken back as money was: the nearest whole number to the exact share."""
    number = world.order["number"]
    taken: int = back["points_taken_back"]
    accrual = Accrual.objects.get(order=number)
    expect_equal(accrual.basis, world.order["total"] - world.order["charges_total"], "what the points were earned on")
    expect(
        abs(taken * accrual.basis - accrual.points * returned) < accrual.basis,
        f"{taken} of {accrual.points} points are the share of {returned} in {accrual.basis}",
    )
    expect(taken > 0, "points are taken back")
    after = world.api["web"].get(f"loyalty/{world.customer}")
    expect_equal(after["available"], before["available"] - taken, "points after the return")
    expect_equal(after["pending"], before["pending"], "pending points after the return")
    expect_equal(sum(lot["points"] for lot in after["lots"]), after["available"], "what is left in lots")
    clawed = [entry["points"] for entry in _entries(world, number) if entry["reason"] == "clawback"]
    expect_equal(sum(clawed), -taken, "the entries of the return")
    expect_equal(
        world.api["web"].get(f"orders/{number}")["points"]["earned"],
        accrual.points - taken,
        "what the order still earned",
    )
    return taken


def look_at_the_report(world: World) -> list[str]:
    """The manager's report shows it in the right channel and store, and the audit is clean"""
    sold = world.order["total"] - world.order["charges_total"]
    refunded = world.refunded["refund_total"]
    day_back = world.day_of(world.refunded["returned_at"])
    rows = {"By channel": Channel.objects.get(code="web").name, "By store": Location.objects.get(code=HOME).name}
    at_last = world.sales(day_back)
    for table, name in rows.items():
        _expect_growth(world.before_order, world.after_order, table, name, (1, 0, sold))
        # It came back elsewhere and later: on that day, on the channel and at the store that had sold it.
        _expect_growth(world.before_return, at_last, table, name, (0, refunded, -refunded))
    audit = world.manage("audit").splitlines()[-1]
    expect(" 0 failed" in audit, f"the audit is clean; it said: {audit}")
    where = " and ".join(rows.values())
    return [
        f"{world.after_order.day}: one order and {sold} net more in {where}",
        f"{day_back}: {refunded} returned, and net less, in the same rows",
        f"audit: {audit}",
    ]


def _expect_growth(before: Sales, after: Sales, table: str, name: str, by: tuple[int, int, int]) -> None:
    """Orders, returns and net sales of a report's row grew by exactly that."""
    # Where midnight lay between, the new day had seen nothing of ours before.
    was = before.row(table, name) if before.day == after.day else (0, 0, 0)
    grown = tuple(new - old for new, old in zip(after.row(table, name), was, strict=True))
    what = f"by how much orders, returns and net sales of {name} grew on {after.day} ({table})"
    expect_equal(grown, by, what)


def _entries(world: World, order: str) -> list[dict[str, Any]]:
    """The lines of the customer's points statement that are about an order."""
    found = world.api["web"].get(f"loyalty/{world.customer}/entries", limit=100)["results"]
    return [entry for entry in found if entry["order"] == order]


def _timeline(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.clerk.get(f"customers/{world.customer}/timeline", limit=100)["results"]
    return found


def _on_hand(sku: str, location: str) -> int:
    levels = StockLevel.objects.filter(variant__sku=sku, location__code=location)
    return levels.values_list("on_hand", flat=True).first() or 0


def _in_stock_at(world: World, location: str) -> str:
    """A SKU that lies at a location and costs enough to be paid for in part with points."""
    for variant in world.api["web"].get("variants", location=location, limit=200)["results"]:
        here = [place for place in variant["availability"] if place["location"] == location and place["atp"] > 0]
        if here and variant["price"] and variant["price"]["amount"] > 300_000:
            return str(variant["sku"])
    return ""

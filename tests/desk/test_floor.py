"""The shop floor: pick, make ready and hand over once, in one's own store, whatever is tapped twice."""

import re

import pytest
from django.urls import reverse

from catalog.models import Reservation, StockLevel
from omni.core.models import KeptAnswer
from orders import pickup
from orders.models import Fulfilment, OrderEvent
from tests.desk.shop import colleague, fulfilment, goods, sale
from tests.factories.core import ChannelFactory, LocationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now, monkeypatch):
    """A paid order of one shirt and two jeans at the store in Hanoi, whose stock is reserved."""
    monkeypatch.setattr("omni.core.clock.now", lambda: now)
    hanoi, saigon = LocationFactory(code="hn"), LocationFactory(code="sg")
    shirt = goods("SHIRT", "Áo thun", price=100_000, stock={hanoi: 5, saigon: 2}, gtin="8934567890123")
    jeans = goods("JEANS", "Quần jean", price=500_000, stock={hanoi: 5})
    web = ChannelFactory(code="web")
    order = sale(web, [(shirt, 1, 100_000, 0), (jeans, 2, 500_000, 0)], at=now, status="placed", number="W-1")
    order.payments.create(tender="card", status="captured", amount=1_100_000, created_at=now, captured_at=now)
    for line in order.lines.all():
        Reservation.objects.create(
            variant=line.variant,
            location=hanoi,
            quantity=line.quantity,
            order=order.number,
            line=line.position,
            created_at=now,
        )
        StockLevel.objects.filter(variant=line.variant, location=hanoi).update(reserved=line.quantity)
    row = fulfilment(order, hanoi, status="new", now=now)
    return {"hanoi": hanoi, "saigon": saigon, "order": order, "row": row, "shirt": shirt}


@pytest.fixture
def alice(shop, client):
    """A clerk in Hanoi; with one store there is nothing to choose."""
    client.force_login(colleague("Store clerk", shop["hanoi"], username="alice"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def key_of(page) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def send(client, name: str, row: Fulfilment, **data):
    """Open the page, send its form, and read what came of it."""
    address = reverse(f"admin:{name}", args=[row.pk])
    if "key" not in data:
        data["key"] = key_of(client.get(address))
    answer = client.post(address, data, follow=True)
    row.refresh_from_db()
    return answer.content.decode()


def test_picked_made_ready_and_handed_over(alice, shop, now):
    row = shop["row"]
    ticked = [str(line.pk) for line in row.lines.all()]
    assert "W-1 is picked" in send(alice, "floor_pick", row, verb="pick", line=ticked)
    assert row.status == "picked"
    assert "W-1 is ready" in send(alice, "floor_pick", row, verb="ready")
    code, _qr, _ends = pickup.issue_code(fulfilment_id=row.pk, now=now)
    assert "W-1 is handed over" in send(alice, "floor_hand_over_one", row, scanned=code, collected_by="Mẹ Lan")
    assert (row.status, row.collected_by) == ("collected", "Mẹ Lan")
    assert OrderEvent.objects.filter(order=shop["order"], by="staff:alice").exists()
    assert StockLevel.objects.get(variant=shop["shirt"], location=shop["hanoi"]).on_hand == 4


def test_nothing_is_picked_while_a_line_is_not_ticked(alice, shop):
    one = str(shop["row"].lines.first().pk)
    assert "Tick every line" in send(alice, "floor_pick", shop["row"], verb="pick", line=[one])
    assert shop["row"].status == "new"


def test_what_is_not_on_the_shelf_is_given_back(alice, shop):
    shirt = shop["row"].lines.get(order_line__sku="SHIRT")
    words = send(alice, "floor_pick", shop["row"], verb="missing", line=[str(shirt.pk)])
    assert "Noted as missing: JEANS" in words
    assert shop["order"].lines.get(sku="JEANS").cancelled == 2


def ready(shop, now) -> str:
    row = shop["row"]
    for status in ("picked", "ready"):
        Fulfilment.objects.filter(pk=row.pk).update(status=status)
    return pickup.issue_code(fulfilment_id=row.pk, now=now)[0]


def test_a_second_tap_gets_the_first_answer(alice, shop, now):
    code, row = ready(shop, now), shop["row"]
    key = key_of(alice.get(reverse("admin:floor_hand_over_one", args=[row.pk])))
    assert "W-1 is handed over" in send(alice, "floor_hand_over_one", row, scanned=code, key=key)
    address = reverse("admin:floor_hand_over_one", args=[row.pk])
    again = alice.post(address, {"scanned": code, "key": key}, follow=True).content.decode()
    assert "W-1 is handed over" in again
    assert OrderEvent.objects.filter(kind="fulfilment.collected").count() == 1
    assert all(code not in kept.body for kept in KeptAnswer.objects.all())


def test_a_wrong_code_sent_twice_counts_once_and_tells_the_tries_left(alice, shop, now):
    ready(shop, now)
    row = shop["row"]
    address = reverse("admin:floor_hand_over_one", args=[row.pk])
    form = {"scanned": "WRONG0", "key": key_of(alice.get(address))}
    for _tap in range(2):
        assert "4 tries left" in alice.post(address, form, follow=True).content.decode()
    assert row.codes.get(ended_at=None).wrong_tries == 1


def test_five_wrong_codes_lock_and_the_page_says_whom_to_ask(alice, shop, now):
    code = ready(shop, now)
    for tries in range(5):
        words = send(alice, "floor_hand_over_one", shop["row"], scanned=f"WRONG{tries}")
    assert "Ask a store manager" in words
    # The page asks for no code any more; one that is sent all the same is refused though it is right.
    assert (
        "A store manager can unlock it"
        in alice.get(reverse("admin:floor_hand_over_one", args=[shop["row"].pk])).content.decode()
    )
    assert "Ask a store manager" in send(alice, "floor_hand_over_one", shop["row"], scanned=code, key="k" * 20)
    assert shop["row"].status == "ready"


def test_a_manager_unlocks_with_a_reason_and_a_clerk_does_not(alice, shop, now):
    code, row = ready(shop, now), shop["row"]
    for tries in range(5):
        send(alice, "floor_hand_over_one", row, scanned=f"WRONG{tries}")
    address = reverse("admin:floor_hand_over_one", args=[row.pk])
    assert alice.post(address, {"verb": "unlock", "reason": "x", "key": "k" * 20}).status_code == 403
    assert row.codes.get(ended_at=None).locked_at is not None

    alice.force_login(colleague("Store manager", shop["hanoi"]))
    assert "Say how you made sure" in send(alice, "floor_hand_over_one", row, verb="unlock", reason=" ")
    assert "can be tried again" in send(alice, "floor_hand_over_one", row, verb="unlock", reason="showed the ID card")
    assert "W-1 is handed over" in send(alice, "floor_hand_over_one", row, scanned=code)
    assert OrderEvent.objects.get(kind="code_unlocked").data["reason"] == "showed the ID card"


def test_a_key_is_good_for_one_form(alice, shop, now):
    code = ready(shop, now)
    key = key_of(alice.get(reverse("admin:floor_hand_over_one", args=[shop["row"].pk])))
    send(alice, "floor_hand_over_one", shop["row"], scanned="WRONG0", key=key)
    assert "used already" in send(alice, "floor_hand_over_one", shop["row"], scanned=code, key=key)
    assert "too old" in send(alice, "floor_hand_over_one", shop["row"], scanned=code, key="x")
    assert shop["row"].status == "ready"


def test_a_qr_hands_over_from_the_first_page(alice, shop, now):
    ready(shop, now)
    _code, qr, _ends = pickup.issue_code(fulfilment_id=shop["row"].pk, now=now)
    address = reverse("admin:floor_hand_over")
    words = alice.post(address, {"scanned": qr, "key": key_of(alice.get(address))}, follow=True).content.decode()
    assert "W-1 is handed over" in words


def test_an_order_number_opens_its_page_and_nonsense_is_told(alice, shop, now):
    ready(shop, now)
    address = reverse("admin:floor_hand_over")
    found = alice.post(address, {"scanned": "w-1", "key": key_of(alice.get(address))})
    assert found["Location"] == reverse("admin:floor_hand_over_one", args=[shop["row"].pk])
    words = alice.post(address, {"scanned": "???", "key": key_of(alice.get(address))}, follow=True).content.decode()
    assert "Neither a QR of ours" in words


def test_another_store_cannot_be_chosen_or_worked_for(shop, client):
    client.force_login(colleague("Store clerk", shop["saigon"], username="bob"))
    client.post(reverse("admin:floor_store"), {"store": "hn"})
    assert shop["hanoi"].name not in client.get(reverse("admin:floor")).content.decode()
    assert client.get(reverse("admin:floor_pick", args=[shop["row"].pk])).status_code == 404
    assert client.post(reverse("admin:floor_hand_over_one", args=[shop["row"].pk])).status_code == 404


def test_a_reader_sees_the_queue_but_does_nothing(shop, client):
    client.force_login(colleague("Analyst"))
    client.post(reverse("admin:floor_store"), {"store": "hn"})
    assert client.get(reverse("admin:floor_queue")).status_code == 200
    assert client.get(reverse("admin:floor_pick", args=[shop["row"].pk])).status_code == 200
    assert client.post(reverse("admin:floor_pick", args=[shop["row"].pk]), {"verb": "pick"}).status_code == 403
    assert client.get(reverse("admin:floor_hand_over")).status_code == 403
    shop["row"].refresh_from_db()
    assert shop["row"].status == "new"


def test_without_a_store_every_page_asks_for_one(shop, client, admin_user):
    client.force_login(admin_user)
    assert client.get(reverse("admin:floor_queue"))["Location"] == reverse("admin:floor")
    client.post(reverse("admin:floor_store"), {"store": "sg"})
    assert client.get(reverse("admin:floor_queue")).status_code == 200


@pytest.mark.parametrize("code", ["8934567890123", "SHIRT", "shirt", "ao thun"])
def test_a_scan_tells_stock_here_and_elsewhere(alice, shop, code):
    words = alice.get(reverse("admin:floor_price"), {"code": code}).content.decode()
    if code != "ao thun":
        assert "4 here" in words
        assert "5 on hand, 1 reserved" in words
        assert shop["saigon"].name in words
    assert "SHIRT" in words


def test_an_unknown_barcode_is_told(alice):
    assert "No product has the code" in alice.get(reverse("admin:floor_price"), {"code": "0000"}).content.decode()

"""A small file with every oddity of a real one, taken in."""

import csv
import gzip
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from catalog.models import DueOffer, Movement, Offer, StockLevel, Variant
from customers.models import Customer, CustomerFacts, SourceRecord
from omni.core.models import ImportProblem, ImportRun, OutboxMessage
from omni.core.money import round_half_up
from orders.models import HistoryAdjustment, Order, OrderException, OrderLine, Payment, Refund, Return
from tests.orders.history import SAMPLE, SMALL, make_channel, sums_hold, take_in, written

pytestmark = pytest.mark.django_db

REFUSED = [
    (47, "Quantity", "bad_number"),
    (48, "UnitPrice", "bad_number"),
    (49, "InvoiceDate", "bad_date"),
    (50, "InvoiceNo", "empty"),
    (51, "StockCode", "empty"),
    (52, "Quantity", "zero_quantity"),
    (53, "Quantity", "negative_quantity"),
    (54, "UnitPrice", "negative_price"),
    (55, "Quantity", "positive_quantity"),
    (56, "", "wrong_column_count"),
    (57, "Quantity", "out_of_range"),
    (58, "CustomerID", "other_customer"),
    (59, "UnitPrice", "bad_number"),
]
NOT_FOUND = ["C900021~3", "C900023", "C900024", "C900025", "C900030", "C900031"]


def books() -> int:
    """The file's sum in pence, worked out by other means; rows 57 and 59 hold no readable amount."""
    with SMALL.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Country"]]
    total = 0
    for row in rows:
        if row["Quantity"].lstrip("-").isdigit() and row["UnitPrice"][-1].isdigit() and len(row["Quantity"]) < 9:
            total += round_half_up(int(row["Quantity"]) * Decimal(row["UnitPrice"]) * 100)
    return total


def test_every_line_is_taken_or_refused_and_the_money_reconciles():
    result = take_in()
    assert result.lines_read == 58
    assert result.lines_taken + result.lines_refused == result.lines_read == sum(result.lines_by_kind.values())
    assert result.amount_minor == books() == sum(result.by_kind.values())
    assert result.by_kind["refused"] == 765
    assert result.by_kind["adjustments"] == -5001
    assert result.by_kind["charges_given_back"] == -(525 + 1800 + 32105 + 1688)


def test_each_refused_line_is_listed_by_row_column_and_code():
    result = take_in()
    problems = ImportProblem.objects.filter(refused=True).order_by("row")
    assert list(problems.values_list("row", "column", "code")) == REFUSED
    assert result.lines_refused == len(REFUSED) == sum(result.refused.values())
    assert result.refused["bad_number"] == 3


def test_what_was_written_adds_up_to_what_was_told():
    web = make_channel("web")
    result = take_in(web)
    sold = sum(OrderLine.objects.filter(order__channel=web).values_list("total", flat=True))
    charged = sum(Order.objects.values_list("charges_total", flat=True))
    back = sum(Return.objects.values_list("total", flat=True))
    beside = sum(HistoryAdjustment.objects.values_list("amount", flat=True))
    assert (sold, charged, -back) == tuple(result.by_kind[kind] for kind in ("sales", "charges", "returns"))
    assert sold + charged - back + beside + result.by_kind["refused"] == result.amount_minor
    assert sum(Payment.objects.values_list("amount", flat=True)) == sold + charged
    assert sums_hold(web)


def test_an_invoice_becomes_one_completed_order_with_its_repeated_lines_and_charges():
    take_in()
    order = Order.objects.get(number="WEB-900001")
    assert (order.external_id, order.status, order.history, order.currency) == ("900001", "completed", True, "GBP")
    assert [(line.position, line.sku, line.quantity, line.total) for line in order.lines.all()] == [
        (1, "10001A", 6, 1530),
        (2, "10001A", 6, 1530),
        (3, "10002", 10, 1250),
    ]
    assert order.charges == [{"code": "POST", "amount": 1800}]
    assert (order.list_total, order.charges_total, order.total) == (4310, 1800, 6110)
    assert order.source_record is not None
    assert order.source_record.external_id == "501"
    assert all(line.fulfilled == line.quantity for line in order.lines.all())
    assert list(order.events.values_list("kind", flat=True)) == ["taken_over", "returned", "returned"]


def test_an_invoice_of_charges_alone_or_of_gifts_alone_is_an_order_too():
    take_in()
    assert Order.objects.get(external_id="900011").total == 1500
    assert not Order.objects.get(external_id="900011").lines.exists()
    gift = Order.objects.get(external_id="900005")
    assert (gift.total, gift.payments.count(), gift.lines.get().quantity) == (0, 0, 56)
    assert gift.source_record is None


def test_an_order_is_as_old_as_its_first_line_and_stands_in_utc():
    take_in()
    assert Order.objects.get(external_id="900002").placed_at.isoformat() == "2011-02-10T09:05:00+00:00"
    assert Order.objects.get(external_id="900009").placed_at.isoformat() == "2011-07-05T12:30:00+00:00"


def test_a_return_is_linked_to_its_sale_part_by_part():
    take_in()
    parts = Return.objects.filter(external_id__startswith="C900021").order_by("external_id")
    assert [(part.number, part.order and part.order.external_id, part.total) for part in parts] == [
        ("WEB-C900021", "900002", 1180),
        ("WEB-C900021~2", "900001", 125),
        ("WEB-C900021~3", None, 400),
    ]
    assert OrderLine.objects.get(order__external_id="900002", sku="10001A").returned == 4
    assert Payment.objects.get(order__external_id="900001").refunded == 510 + 125
    assert OrderLine.objects.get(order__external_id="900003", sku="10002").returned == 4


def test_a_return_without_sale_is_kept_outside_the_sums_and_listed():
    result = take_in()
    exceptions = OrderException.objects.filter(code="sale_not_found").order_by("of_return__external_id")
    assert [row.of_return.external_id for row in exceptions if row.of_return] == NOT_FOUND
    assert result.returns_without_sale == len(NOT_FOUND)
    assert exceptions[0].details == {"row": 31, "sku": "10099", "quantity": 1, "amount": 400}
    outside = Refund.objects.filter(of_return__external_id__in=NOT_FOUND)
    assert [(refund.order_id, refund.payment_id) for refund in outside] == [(None, None)] * len(NOT_FOUND)


def test_adjustments_charges_given_back_and_write_offs_stand_beside():
    take_in()
    kinds = HistoryAdjustment.objects.values_list("kind", "external_id", "sku", "quantity", "amount")
    assert ("adjustment", "A900041", "B", 1, -1106206) in kinds
    assert ("charge_back", "C900026", "D", -1, -525) in kinds
    assert ("write_off", "900007", "10002", -20, 0) in kinds
    assert not Order.objects.filter(external_id__in=["900007", "900008", "A900041"]).exists()


def test_customers_become_source_records_each_a_customer_of_its_own():
    take_in()
    assert list(SourceRecord.objects.order_by("external_id").values_list("external_id", flat=True)) == [
        "501",
        "502",
        "503",
        "504",
        "505",
        "506",
    ]
    assert Customer.objects.count() == 6
    france = SourceRecord.objects.get(external_id="502").membership.customer
    assert (france.name, france.address) == ("", {"country": "France"})


def test_variants_are_made_asleep_with_the_name_most_often_told():
    take_in()
    mug = Variant.objects.get(sku="10001A")
    assert mug.product.name_en == "BLUE ENAMEL MUG"
    assert (mug.active, mug.product.active, mug.product.category.code) == (False, False, "history")
    assert Variant.objects.get(sku="10002").product.name_en == "TIN LUNCH BOX"
    assert Variant.objects.get(sku="10005").product.name_en == "10005"
    assert not Variant.objects.filter(sku__in=["POST", "B", "AMAZONFEE"]).exists()


def test_history_moves_no_stock_points_facts_or_channels():
    take_in()
    for model in (StockLevel, Movement, Offer, DueOffer, OutboxMessage, CustomerFacts):
        assert model._default_manager.count() == 0, model


def test_taken_in_twice_nothing_is_doubled():
    web = make_channel("web")
    first, before = take_in(web), written(web)
    second = take_in(web)
    assert written(web) == before
    assert {**second.as_dict(), "seconds": 0} == {**first.as_dict(), "seconds": 0}
    assert ImportRun.objects.filter(state="done").count() == 2


def test_the_same_books_on_another_channel_are_other_orders():
    take_in(make_channel("web"))
    take_in(make_channel("app"))
    assert Order.objects.filter(external_id="900001").count() == 2
    assert Variant.objects.filter(sku="10001A").count() == 1


def test_an_order_known_otherwise_is_not_rewritten_and_its_lines_are_refused(tmp_path):
    web = make_channel("web")
    take_in(web)
    before = written(web)
    other = tmp_path / "other.csv"
    text = SMALL.read_text(encoding="utf-8").replace("900011,POST,POSTAGE,1", "900011,POST,POSTAGE,2")
    other.write_text(text.replace("C900023,10002,TIN LUNCH BOX,-2", "C900023,10002,TIN LUNCH BOX,-3"), encoding="utf-8")
    result = take_in(web, other)
    assert result.refused["known_otherwise"] == 2
    problems = ImportProblem.objects.filter(code="known_otherwise").order_by("row")
    assert [(row.row, row.column, row.value) for row in problems] == [
        (26, "InvoiceNo", "900011"),
        (33, "InvoiceNo", "C900023"),
    ]
    assert sum(result.by_kind.values()) == result.amount_minor
    assert written(web) == before


def test_a_later_file_finds_the_sales_of_an_earlier_one(tmp_path):
    web = make_channel("web")
    lines = SMALL.read_text(encoding="utf-8").splitlines(keepends=True)
    early, late = tmp_path / "early.csv", tmp_path / "late.csv"
    early.write_text("".join(lines[:27]), encoding="utf-8")
    late.write_text(lines[0] + "".join(lines[27:46]), encoding="utf-8")
    take_in(web, early)
    assert take_in(web, late).returns_without_sale == len(NOT_FOUND)


def test_gzip_a_byte_order_mark_other_column_order_and_stray_bytes_are_read(tmp_path):
    lines = SMALL.read_text(encoding="utf-8").splitlines()[:4]
    turned = "\n".join(",".join(reversed(line.split(","))) for line in lines).replace("BLUE", "BL\0E")
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + turned.encode() + b"\n\n"))
    result = take_in(path=packed)
    assert (result.lines_read, result.lines_refused) == (3, 0)
    assert OrderLine.objects.get(position=1).name == "BL\ufffdE ENAMEL MUG"


def test_the_own_csv_goes_through_the_same_door():
    web = make_channel("web")
    result = take_in(web, SAMPLE)
    assert (result.lines_read, result.lines_refused, result.currency) == (8, 0, "VND")
    assert result.by_kind == {
        "sales": 682000,
        "charges": 30000,
        "returns": -199000,
        "charges_given_back": -15000,
        "adjustments": -50000,
        "write_offs": 0,
        "refused": 0,
    }
    assert Return.objects.get().order == Order.objects.get(external_id="S-1001")
    assert Order.objects.get(external_id="S-1002").placed_at.isoformat() == "2026-01-06T07:00:00+00:00"
    assert Variant.objects.get(sku="AO-THUN-M").search_text == "ao thun cotton m ao-thun-m"


def run(*args: str) -> str:
    out = StringIO()
    call_command("import_sales", *args, stdout=out)
    return out.getvalue()


def test_json_is_one_object_of_the_promised_shape():
    make_channel("web")
    told = json.loads(run(str(SMALL), "--format", "online-retail", "--channel", "web", "--json"))
    assert {
        "lines_read",
        "lines_taken",
        "lines_refused",
        "amount_minor",
        "currency",
        "by_kind",
        "refused",
        "seconds",
    } <= set(told)
    assert sum(told["by_kind"].values()) == told["amount_minor"]


def test_people_are_told_what_was_taken_and_what_was_not():
    make_channel("web")
    told = run(str(SMALL), "--format", "online-retail", "--channel", "web")
    assert "58 lines read: 45 taken, 13 refused" in told
    assert "row 49, InvoiceDate: bad_date '01/09/2011'" in told


def test_a_wrong_file_format_or_channel_is_told_and_nothing_is_written(tmp_path):
    make_channel("web")
    wrong, cut = tmp_path / "wrong.csv", tmp_path / "cut.csv.gz"
    wrong.write_text("a,b\n1,2\n")
    cut.write_bytes(gzip.compress(SMALL.read_bytes())[:-300])
    for args, words in (
        ([str(wrong), "--format", "online-retail", "--channel", "web"], "lacks columns"),
        ([str(cut), "--format", "online-retail", "--channel", "web"], "damaged"),
        ([str(tmp_path / "none.csv"), "--format", "csv", "--channel", "web"], "cannot be read"),
        ([str(SMALL), "--format", "csv", "--channel", "web"], "lacks columns"),
        ([str(SMALL), "--format", "online-retail", "--channel", "moon"], "Channels: web"),
    ):
        with pytest.raises(CommandError, match=words), translation.override("en"):
            run(*args)
    assert not Order.objects.exists()

"""The sales report: equal to plain SQL, by the shop's days, each currency by itself, of the reader's stores."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from omni.core.db import fetch_all
from omni.core.text import safe_cell
from omni.desk.home import days_of
from omni.reports.base import Filters
from omni.reports.periods import compared_with, make_period
from omni.reports.registry import REPORTS
from orders.models import OrderLine
from orders.worth_of_orders import balance_of
from tests.desk.shop import came_back, colleague, fulfilment, goods, sale
from tests.factories.core import ChannelFactory, LocationFactory

pytestmark = pytest.mark.django_db
REPORT = REPORTS["sales-by-channel"]


@pytest.fixture
def shop(now):
    """Two channels and two stores; sales in and out of the last seven days, cancelled, unpaid, returned, in pounds."""
    web, till = ChannelFactory(code="web", name="Web"), ChannelFactory(code="till", name="=Till", kind="store")
    hanoi, saigon = LocationFactory(code="hn"), LocationFactory(code="sg")
    shirt, jeans = goods("SHIRT", "Áo thun"), goods("JEANS", "Quần jean")
    day = timedelta(days=1)
    first = sale(till, [(shirt, 2, 200_000, 50_000), (jeans, 1, 500_000, 0)], at=now - day, store=hanoi)
    came_back(first, 1, 175_000, at=now)
    picked = sale(web, [(shirt, 3, 200_000, 0)], at=now - 2 * day, charges=30_000)
    fulfilment(picked, saigon, status="ready", now=now)
    part = sale(web, [(jeans, 3, 500_000, 100_000)], at=now - 3 * day)
    OrderLine.objects.filter(order=part).update(cancelled=1)
    sale(web, [(shirt, 1, 200_000, 0)], at=now - day, status="cancelled")
    sale(web, [(shirt, 1, 200_000, 0)], at=now - day, status="awaiting_payment")
    sale(web, [(shirt, 9, 200_000, 0)], at=now - 9 * day)
    sale(web, [(shirt, 2, 1999, 0)], at=now - day, currency="GBP", history=True)
    return {"web": web, "till": till, "hanoi": hanoi, "saigon": saigon}


def compute(now, code="7d", compare="before", **filters):
    period = make_period(code, now=now)
    return REPORT.compute(period, compared_with(period, compare, now=now), Filters(**filters), now=now)


def rows_of(table, currency, group):
    section = next(section for section in table.sections if section.currency == currency)
    return {str(row.label): row for row in next(each for each in section.groups if each.code == group).rows}


def test_the_figures_of_a_channel(shop, now):
    rows = rows_of(compute(now), "VND", "channel")
    assert rows["=Till"].figures == {
        "orders": 1,
        "units": 3,
        "gross": 900_000,
        "discounts": 50_000,
        "returns": 175_000,
        "net": 675_000,
        "share": 306,
        "average": 850_000,
        "charges": 0,
    }
    # Of three jeans one was cancelled: it goes with a third of the list price and what it was sold for, rounded down.
    assert rows["Web"].figures["gross"] == 600_000 + 1_000_000
    assert rows["Web"].figures["discounts"] == 100_000 - 33_334
    assert rows["Web"].figures["units"] == 5
    assert rows["Web"].figures["charges"] == 30_000


def test_equal_to_plain_sql(shop, now):
    """Line by line, with none of the report's own statements."""
    period = make_period("7d", now=now)
    lines = fetch_all(
        "SELECT c.name, l.quantity - l.cancelled, l.unit_price, l.discount_total, l.quantity FROM orders_orderline l"
        " JOIN orders_order o ON o.id = l.order_id JOIN core_channel c ON c.id = o.channel_id"
        " WHERE o.currency = 'VND' AND o.status NOT IN ('cancelled', 'awaiting_payment')"
        " AND (o.placed_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date BETWEEN %s AND %s",
        [period.first, period.last],
    )
    net: dict[str, int] = {}
    for name, units, price, discount, quantity in lines:
        worth = quantity * price - discount
        net[name] = net.get(name, 0) + worth - worth * (quantity - units) // quantity
    net["=Till"] -= fetch_all("SELECT sum(amount) FROM orders_returnline")[0][0]
    rows = rows_of(compute(now), "VND", "channel")
    assert {name: row.figures["net"] for name, row in rows.items()} == net


def test_the_period_before_stands_beside(shop, now):
    rows = rows_of(compute(now), "VND", "channel")
    assert rows["Web"].before["net"] == 1_800_000
    assert rows["=Till"].before["orders"] == 0
    assert not rows_of(compute(now, compare="none"), "VND", "channel")["Web"].before


def test_an_order_counts_at_the_store_where_it_is_collected(shop, now):
    rows = rows_of(compute(now), "VND", "store")
    assert rows[shop["saigon"].name].figures["orders"] == 1
    assert rows[shop["hanoi"].name].figures["net"] == 675_000


def test_totals_are_the_sums_of_their_rows(shop, now):
    for section in compute(now).sections:
        for group in section.groups:
            for code in ("orders", "units", "gross", "discounts", "returns", "net", "charges"):
                assert group.total.figures[code] == sum(row.figures[code] for row in group.rows)


def test_currencies_are_never_added_together(shop, now):
    table = compute(now)
    assert table.currencies == ["VND", "GBP"]
    assert rows_of(table, "GBP", "channel")["Web"].figures["gross"] == 3998
    assert [section.currency for section in compute(now, currency="GBP").sections] == ["GBP"]


def test_orders_of_another_system_can_be_left_out(shop, now):
    assert compute(now, history=False).currencies == ["VND"]


def test_a_late_evening_belongs_to_its_own_day(now):
    web, shirt = ChannelFactory(code="web"), goods("SHIRT", "Áo thun")
    sale(web, [(shirt, 1, 100_000, 0)], at=datetime(2026, 6, 16, 16, 59, 59, tzinfo=UTC))
    sale(web, [(shirt, 1, 100_000, 0)], at=datetime(2026, 6, 16, 17, 0, tzinfo=UTC))
    assert rows_of(compute(now, "today"), "VND", "channel")["Web"].figures["orders"] == 1
    assert rows_of(compute(now, "yesterday"), "VND", "channel")["Web"].figures["orders"] == 1


def test_a_manager_reads_of_their_own_store_alone(shop, now, client, monkeypatch):
    monkeypatch.setattr("omni.core.clock.now", lambda: now)
    client.force_login(colleague("Store manager", shop["hanoi"]))
    page = client.get(reverse("reports:show", args=["sales-by-channel"]), {"period": "7d"})
    assert page.status_code == 200
    words = page.content.decode()
    assert "=Till" in words
    table = page.context["table"]
    assert [str(row.label) for row in table.sections[0].groups[1].rows] == [shop["hanoi"].name]


def test_the_page_shows_each_figure_with_its_definition_and_when(shop, now, client, monkeypatch):
    monkeypatch.setattr("omni.core.clock.now", lambda: now)
    client.force_login(colleague("Analyst"))
    page = client.get(reverse("reports:show", args=["sales-by-channel"]), headers={"Accept-Language": "en"})
    words = page.content.decode()
    assert "Data as of June 17, 2026, noon" in words
    for column in REPORT.compute(make_period("7d", now=now), None, Filters(), now=now).columns:
        assert str(column.definition) in words
    assert "<svg" in words
    assert "<desc" in words
    # The chart and the table tell the same number.
    assert words.count("₫675,000") >= 3
    link = page.context["table"].sections[0].groups[0].rows[0].link
    assert "placed_at__gte=2026-05-19T00%3A00%3A00%2B07%3A00" in link


def test_an_empty_period_says_so(client, now):
    client.force_login(colleague("Analyst"))
    page = client.get(
        reverse("reports:show", args=["sales-by-channel"]),
        {"from": "2001-01-01", "to": "2001-01-31"},
        headers={"Accept-Language": "en"},
    )
    assert "Nothing was sold" in page.content.decode()


def test_dates_that_are_no_period_are_told(client):
    client.force_login(colleague("Analyst"))
    page = client.get(
        reverse("reports:show", args=["sales-by-channel"]),
        {"from": "2026-02-01", "to": "2026-01-01"},
        headers={"Accept-Language": "en"},
    )
    assert "no period" in page.content.decode()


def test_csv_and_excel_hold_the_same_numbers_and_run_nothing(shop, now, client, monkeypatch):
    monkeypatch.setattr("omni.core.clock.now", lambda: now)
    client.force_login(colleague("Analyst"))
    address = reverse("reports:show", args=["sales-by-channel"])
    plain = client.get(address, {"period": "7d", "format": "csv"}, headers={"Accept-Language": "en"})
    assert plain["Content-Type"].startswith("text/csv")
    assert "attachment" in plain["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(plain.content.decode("utf-8-sig"))))
    till = next(line for line in lines if line["Name"] == "'=Till")
    assert (till["Net sales"], till["Net sales before"], till["Orders"]) == ("675000", "0", "1")
    pounds = next(line for line in lines if line["Currency"] == "GBP")
    assert pounds["Gross sales"] == "39.98"

    excel = client.get(address, {"period": "7d", "format": "xlsx"}, headers={"Accept-Language": "en"})
    sheet = load_workbook(io.BytesIO(excel.content)).worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    rows = [dict(zip(titles, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)]
    assert next(row for row in rows if row["Name"] == "'=Till")["Net sales"] == 675_000


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_never_becomes_a_formula(text):
    assert safe_cell(text) == f"'{text}"
    assert safe_cell("Áo thun") == "Áo thun"


def test_one_period_takes_two_statements_whatever_there_is(shop, now, django_assert_max_num_queries):
    # Two a period, and the names of channels and stores.
    with django_assert_max_num_queries(6):
        compute(now)


def test_net_sales_are_what_customers_keep_or_owe(now):
    """Some units cancelled, some returned: to the unit what the order's own balance says, by plain arithmetic."""
    web, shirt = ChannelFactory(code="web", name="Web"), goods("SHIRT", "Áo thun")
    # 100,000 over 3 units does not divide: 33,333 + 33,333 + 33,334.
    part = sale(web, [(shirt, 3, 40_000, 20_000), (shirt, 2, 70_001, 1)], at=now, charges=25_000)
    OrderLine.objects.filter(order=part, position=1).update(cancelled=1)
    OrderLine.objects.filter(order=part, position=2).update(cancelled=1)
    plain = sale(web, [(shirt, 1, 40_000, 0)], at=now)

    net = rows_of(compute(now, "today"), "VND", "channel")["Web"].figures["net"]

    oracle = fetch_all(
        "SELECT sum((SELECT sum(unit) FROM (SELECT n, l.total * n / l.quantity - l.total * (n - 1) / l.quantity AS unit"
        " FROM generate_series(1, l.quantity) n) u WHERE u.n > l.cancelled)) FROM orders_orderline l"
    )[0][0]
    assert net == oracle == 66_667 + 70_001 + 40_000
    owed = [balance_of(order, order.lines.all(), []).due - order.charges_total for order in (part, plain)]
    assert net == sum(owed)
    # The home page counts the same goods, with what is charged on top of them.
    assert days_of(None, now=now)[0].whole.today.total == net + 25_000

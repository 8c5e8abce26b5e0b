"""The real retailer's year, where it is at hand."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Sum

from orders.models import HistoryAdjustment, Order, OrderException, OrderLine, Payment, Return, ReturnLine
from tests.orders.history import make_channel, sums_hold, take_in

YEAR = Path(settings.BASE_DIR).parent / "shared" / "data" / "online-retail.csv.gz"


@pytest.mark.data
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not YEAR.exists(), reason="the shared real input is not here")
def test_a_real_year_reconciles_to_the_penny():
    web = make_channel("web")
    result = take_in(web, YEAR)
    assert result.lines_read == 541_909 == result.lines_taken + result.lines_refused
    assert result.amount_minor == 974_774_793 == sum(result.by_kind.values())

    orders = Order.objects.aggregate(listed=Sum("list_total"), charged=Sum("charges_total"), total=Sum("total"))
    back = Return.objects.aggregate(total=Sum("total"))["total"]
    beside = HistoryAdjustment.objects.aggregate(total=Sum("amount"))["total"]
    assert orders["listed"] == OrderLine.objects.aggregate(total=Sum("total"))["total"] == result.by_kind["sales"]
    assert orders["charged"] == result.by_kind["charges"]
    assert orders["total"] - back + beside + result.by_kind["refused"] == result.amount_minor
    assert Payment.objects.aggregate(total=Sum("amount"))["total"] == orders["total"]
    assert OrderLine.objects.count() + ReturnLine.objects.count() == (
        result.lines_by_kind["sales"] + result.lines_by_kind["returns"]
    )
    missing = OrderException.objects.filter(code="sale_not_found").count()
    assert missing == result.returns_without_sale
    assert 0.1 < missing / result.lines_by_kind["returns"] < 0.2
    assert sums_hold(web)

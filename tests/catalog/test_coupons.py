"""Coupons and budgets are used no more often than allowed, whoever comes at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from catalog import coupons
from catalog.coupons import CouponUsedUp
from catalog.models import Coupon, CouponUse, Promotion
from catalog.quoting import price_basket_now
from omni.core.db import write
from tests.factories.catalog import CouponFactory, PromotionFactory, VariantFactory


def use(order, now, *codes, person=None, persons=()):
    with transaction.atomic():
        coupons.use_coupons(codes=codes, order=order, source_record=person, source_records=persons, now=now)


def test_a_code_is_used_once_and_given_back_once(db, now):
    CouponFactory(code="TET")
    use("W-1", now, "tet ")
    use("W-1", now, "TET")
    with pytest.raises(CouponUsedUp):
        use("W-2", now, "TET")
    assert coupons.return_coupons(order="W-1", now=now) == 1
    assert coupons.return_coupons(order="W-1", now=now) == 0
    use("W-2", now, "TET")
    assert Coupon.objects.get().used == CouponUse.objects.filter(returned_at=None).count() == 1


def test_one_customer_uses_it_as_often_as_allowed_on_whatever_record(db, now):
    CouponFactory(code="TET", max_uses=None, max_uses_per_customer=1)
    use("W-1", now, "TET", person=1, persons=[1, 2])
    with pytest.raises(CouponUsedUp):
        use("W-2", now, "TET", person=2, persons=[1, 2])
    with pytest.raises(CouponUsedUp):
        use("W-3", now, "TET")
    assert Coupon.objects.get().used == 1
    use("W-4", now, "TET", person=3)


def test_a_quote_knows_what_the_customer_has_used(db, now):
    VariantFactory(sku="TEA", price=40_000)
    CouponFactory(code="TET", max_uses=None, max_uses_per_customer=1)
    use("W-1", now, "TET", person=1)
    basket = price_basket_now(lines=[("TEA", 1)], coupons=["TET"], source_records=[1, 2], now=now)
    assert "as often as allowed" in basket.rejected[0].reason["en"]
    assert price_basket_now(lines=[("TEA", 1)], coupons=["TET"], source_records=[3], now=now).coupons == ("TET",)


def test_of_two_codes_one_of_which_is_gone_neither_is_used(db, now):
    CouponFactory(code="A")
    CouponFactory(code="B", valid_until=now - timedelta(days=1))
    with pytest.raises(CouponUsedUp) as refusal:
        use("W-1", now, "A", "B")
    assert refusal.value.details == {"coupon": "B"}
    assert not CouponUse.objects.exists()


def test_an_unknown_code_is_refused(db, now):
    with pytest.raises(CouponUsedUp):
        use("W-1", now, "NONE")


def test_a_budget_gives_what_it_has_and_takes_back(db, now):
    PromotionFactory(code="sale", budget=100)
    with transaction.atomic():
        coupons.spend_budget(promotion_amounts={"sale": 60}, now=now)
    with pytest.raises(CouponUsedUp), transaction.atomic():
        coupons.spend_budget(promotion_amounts={"sale": 41}, now=now)
    coupons.return_budget(promotion_amounts={"sale": 60}, now=now)
    assert Promotion.objects.get().spent == 0


def test_a_promotion_without_a_budget_makes_no_order_wait(db, now, django_assert_num_queries):
    PromotionFactory(code="sale")
    with transaction.atomic(), django_assert_num_queries(1):
        coupons.spend_budget(promotion_amounts={"sale": 60}, now=now)
    assert Promotion.objects.get().spent == 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({}, "used up"), ({"valid_until": timedelta()}, "expired"), ({"code": "OTHER"}, "no such")],
)
def test_a_quote_says_why_a_code_does_nothing(db, now, fields, reason):
    VariantFactory(sku="TEA", price=40_000)
    fields = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    CouponFactory(**{"code": "TET", **fields})
    if reason == "used up":
        CouponUse.objects.create(coupon=Coupon.objects.get(), order="W-1", used_at=now)
    basket = price_basket_now(lines=[("TEA", 1)], coupons=["TET"], now=now)
    assert reason in basket.rejected[0].reason["en"]
    assert basket.total == 40_000


def test_a_quote_reads_the_tables_in_few_queries(db, now, django_assert_max_num_queries):
    CouponFactory(code="TET", promotion__params={"percent": 50})
    for index in range(8):
        VariantFactory(sku=f"T{index}", price=1_000)
        PromotionFactory(conditions={"skus": [f"T{index}"]})
    with django_assert_max_num_queries(5):
        basket = price_basket_now(lines=[(f"T{index}", 2) for index in range(8)], coupons=["tet"], now=now)
    assert basket.total == 8_000
    assert basket.coupons == ("TET",)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def crowd(self, now, take) -> int:
        def one(buyer: int) -> bool:
            try:
                with write():
                    take(buyer)
                return True
            except CouponUsedUp:
                return False
            finally:
                connection.close()

        with ThreadPoolExecutor(16) as crowd:
            return sum(crowd.map(one, range(48)))

    def test_a_code_for_five_is_used_five_times(self, now):
        CouponFactory(code="TET", max_uses=5)
        used = self.crowd(
            now,
            lambda buyer: coupons.use_coupons(codes=["TET"], order=f"W-{buyer}", source_record=buyer, now=now),
        )
        assert used == Coupon.objects.get().used == CouponUse.objects.count() == 5

    def test_a_budget_for_five_is_spent_five_times(self, now):
        PromotionFactory(code="sale", budget=500)
        spent = self.crowd(now, lambda buyer: coupons.spend_budget(promotion_amounts={"sale": 100}, now=now))
        assert spent == 5
        assert Promotion.objects.get().spent == 500

    def test_whoever_looks_without_the_lock_is_stopped_by_the_database(self, now):
        """Looking before counting lets more through than are allowed, up to where the uses count themselves."""
        tet = CouponFactory(code="TET", max_uses=5)
        stopped: list[int] = []

        def look_then_use(buyer: int) -> None:
            if CouponUse.objects.count() >= 5:
                raise CouponUsedUp
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")
            try:
                CouponUse.objects.create(coupon=tet, order=f"W-{buyer}", used_at=now)
            except IntegrityError as error:
                stopped.append(buyer)
                raise CouponUsedUp from error

        assert self.crowd(now, look_then_use) == 5
        assert stopped
        assert Coupon.objects.get().used == CouponUse.objects.count() == 5

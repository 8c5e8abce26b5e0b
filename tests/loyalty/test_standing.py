import pytest

from loyalty.tiers import standing
from tests.factories.loyalty import ProgrammeFactory, TierFactory, make_member

pytestmark = pytest.mark.django_db


def test_a_new_member_stands_on_the_first_tier_before_any_review(now):
    programme = ProgrammeFactory()
    TierFactory(programme=programme, code="first", threshold=0)
    TierFactory(programme=programme, code="gold", threshold=1_000_000)
    lan, _records = make_member("Lan")
    where = standing(lan.pk, now=now)
    assert where.tier is not None
    assert where.next is not None
    assert (where.tier.code, where.next.code, where.to_go) == ("first", "gold", 1_000_000)

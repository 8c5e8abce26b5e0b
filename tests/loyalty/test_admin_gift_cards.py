"""A gift card sold at the desk: its number is told once, and only to whom may issue cards."""

import pytest
from django.urls import reverse

from loyalty import gift_cards
from loyalty.models import GiftCard
from omni.core import clock
from tests.desk.shop import colleague

pytestmark = pytest.mark.django_db
ISSUE = "admin:loyalty_giftcard_issue"


def test_a_card_is_issued_and_its_number_told_once(client):
    client.force_login(colleague("Store clerk"))
    assert client.get(reverse(ISSUE)).status_code == 200

    answer = client.post(reverse(ISSUE), {"amount": 500_000, "payment": "cash at till 2"})

    number = answer.context["number"]
    assert number in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert gift_cards.balance(number, now=clock.now()).balance == 500_000
    assert number not in client.get(reverse("admin:loyalty_giftcard_changelist")).content.decode()


def test_an_analyst_issues_none(client):
    client.force_login(colleague("Analyst"))
    assert client.post(reverse(ISSUE), {"amount": 500_000, "payment": "cash"}).status_code in {302, 403}
    assert not GiftCard.objects.exists()


def test_nothing_is_issued_for_nothing(client):
    client.force_login(colleague("Store clerk"))
    assert client.post(reverse(ISSUE), {"amount": 0, "payment": "cash"}).status_code == 200
    assert not GiftCard.objects.exists()

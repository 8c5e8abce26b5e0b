"""No room may forget to follow: whatever hangs on a person is followed through a merge and an erasure."""

import pytest
from django.apps import apps

from customers.models import Customer, SourceRecord
from customers.ports import followers


def hanging_on_people():
    return {
        model
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if getattr(field, "many_to_one", False) or (getattr(field, "one_to_one", False) and field.concrete)
        if field.related_model in {Customer, SourceRecord} and model._meta.app_label != "customers"
    }


def test_every_model_that_hangs_on_a_person_has_a_follower():
    followed = {model for follower in followers() for model in follower.models}
    forgotten = sorted(model._meta.label for model in hanging_on_people() - followed)
    assert forgotten == [], "List these in the `models` of their room's follower, and register it in omni.wiring."


def test_the_search_for_such_models_finds_them():
    found = {model._meta.label for model in hanging_on_people()}
    assert {"orders.Order", "loyalty.Account"} <= found


@pytest.mark.parametrize("asked", ["merged", "unmerged", "erased", "exported", "timeline"])
def test_every_follower_can_do_all_that_is_asked(asked):
    assert all(callable(getattr(follower, asked)) for follower in followers())

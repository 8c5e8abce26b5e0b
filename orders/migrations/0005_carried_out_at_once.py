"""Goods that a customer carries out of the store go from new to collected in one step."""

from importlib import import_module

from django.db import migrations

before = import_module("orders.migrations.0002_invariants")
FULFILMENT = {**before.FULFILMENT, "new": "accepted picked collected rejected cancelled"}
BODY = "CREATE OR REPLACE FUNCTION orders_may_become(machine text, before text, after text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (machine, before, after) IN ({rows}) $$;"


def rows(fulfilment: dict[str, str]) -> str:
    return ",".join(
        f"('{machine}', '{was}', '{after}')"
        for machine, table in (("order", before.ORDER), ("fulfilment", fulfilment))
        for was, afters in table.items()
        for after in afters.split()
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_numbers")]
    operations = [migrations.RunSQL(BODY.format(rows=rows(FULFILMENT)), BODY.format(rows=rows(before.FULFILMENT)))]

"""Where the numbers of orders and returns come from: one sequence each, without a gap-free promise."""

from django.db import migrations

FORWARDS = """
CREATE SEQUENCE orders_order_serial START 100001;
CREATE SEQUENCE orders_return_serial START 10001;
"""
BACKWARDS = """
DROP SEQUENCE orders_order_serial;
DROP SEQUENCE orders_return_serial;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_history")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

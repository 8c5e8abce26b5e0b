"""What must hold over all customers, whatever wrote them."""

from customers.identity.components import partition
from omni.core.audit import Check, Finding, sql_check
from omni.core.db import fetch_all


def _components() -> Finding:
    """Every source record has one customer, and the customers are the components of the latest decisions."""
    member = {int(record): int(customer) for record, customer in fetch_all(
        "SELECT source_record_id, customer_id FROM customers_membership"
    )}  # fmt: skip
    decisions = {
        (int(left), int(right)): str(verdict)
        for left, right, verdict in fetch_all(
            "SELECT DISTINCT ON (left_id, right_id) left_id, right_id, verdict FROM customers_linkdecision"
            " ORDER BY left_id, right_id, id DESC"
        )
    }
    wrong: list[str] = []
    owner: dict[int, int] = {}
    for records in partition(member, decisions):
        homes = {member[record] for record in records}
        if len(homes) > 1:
            wrong.append(f"source records {records[:10]} are one person by decision, but customers {sorted(homes)}")
        for home in homes:
            if home in owner:
                wrong.append(f"customer {home} holds records {owner[home]} and {records[0]}, which nothing joins")
            owner[home] = records[0]
    return Finding(rows=len(member), wrong=wrong[:20])


CHECKS: list[Check] = [
    sql_check(
        "customers: every source record belongs to a customer",
        count="SELECT count(*) FROM customers_sourcerecord",
        wrong="SELECT 'source record ' || r.id || ' has no customer' FROM customers_sourcerecord r"
        " LEFT JOIN customers_membership m ON m.source_record_id = r.id WHERE m.source_record_id IS NULL",
    ),
    Check("customers: customers are what the link decisions say", _components),
    sql_check(
        "customers: an active customer has source records",
        count="SELECT count(*) FROM customers_customer WHERE merged_into_id IS NULL",
        wrong="SELECT 'customer ' || c.id || ' has no source record' FROM customers_customer c"
        " WHERE c.merged_into_id IS NULL"
        " AND NOT EXISTS (SELECT FROM customers_membership m WHERE m.customer_id = c.id)",
    ),
    sql_check(
        "customers: who was merged away has no records and points to an active customer",
        count="SELECT count(*) FROM customers_customer WHERE merged_into_id IS NOT NULL",
        wrong="SELECT 'customer ' || c.id || ' was merged into ' || c.merged_into_id FROM customers_customer c"
        " JOIN customers_customer t ON t.id = c.merged_into_id WHERE t.merged_into_id IS NOT NULL"
        " OR EXISTS (SELECT FROM customers_membership m WHERE m.customer_id = c.id)",
    ),
    sql_check(
        "customers: a verified identifier has one owner",
        count="SELECT count(*) FROM customers_identifier WHERE verified_at IS NOT NULL",
        wrong="SELECT kind || ' of source records ' || array_to_string(array_agg(source_record_id), ', ')"
        " FROM customers_identifier WHERE verified_at IS NOT NULL AND valid_until IS NULL"
        " GROUP BY kind, value HAVING count(*) > 1",
    ),
    sql_check(
        "customers: a customer token speaks for a source record that exists",
        count="SELECT count(*) FROM core_token WHERE kind = 'customer'",
        wrong="SELECT 'token ' || t.id || ' speaks for source record ' || t.source_record FROM core_token t"
        " LEFT JOIN customers_sourcerecord r ON r.id = t.source_record WHERE t.kind = 'customer' AND r.id IS NULL",
    ),
    sql_check(
        "customers: facts are those of active customers",
        count="SELECT count(*) FROM customers_customerfacts",
        wrong="SELECT 'facts of customer ' || c.id || ', who was merged away' FROM customers_customerfacts f"
        " JOIN customers_customer c ON c.id = f.customer_id WHERE c.merged_into_id IS NOT NULL",
    ),
]

"""What must hold over the whole ledger, whatever happened."""

from omni.core.audit import Check, sql_check

# ruff: noqa: S608
# The statements are put together from the two constants below alone.
_MEMBERS = "('pending', 'available', 'held', 'gift_card', 'store_credit')"

# What each account has by its entries.
_MOVED = """
SELECT account, sum(amount) AS total FROM (
  SELECT from_account_id AS account, -amount AS amount FROM loyalty_entry
  UNION ALL SELECT to_account_id, amount FROM loyalty_entry) moves GROUP BY account
"""

CHECKS: list[Check] = [
    sql_check(
        "ledger: a balance is the sum of its entries",
        count=f"SELECT count(*) FROM loyalty_account WHERE kind IN {_MEMBERS}",
        wrong=f"SELECT format('account %s has %s, its entries say %s', a.id, a.balance, COALESCE(m.total, 0))"
        f" FROM loyalty_account a LEFT JOIN ({_MOVED}) m ON m.account = a.id"
        f" WHERE a.kind IN {_MEMBERS} AND a.balance <> COALESCE(m.total, 0)",
    ),
    sql_check(
        "ledger: everything adds up to zero in each unit and programme",
        count="SELECT count(*) FROM loyalty_entry",
        # The shop's own accounts keep no balance, so theirs comes from the entries.
        wrong=f"SELECT format('%s of programme %s add up to %s', unit, programme_id, sum(total)) FROM ("
        f"  SELECT a.unit, a.programme_id, CASE WHEN a.kind IN {_MEMBERS} THEN a.balance ELSE m.total END AS total"
        f"  FROM loyalty_account a LEFT JOIN ({_MOVED}) m ON m.account = a.id) sums"
        f" GROUP BY unit, programme_id HAVING COALESCE(sum(total), 0) <> 0",
    ),
    sql_check(
        "ledger: no account is below zero that may not be",
        count="SELECT count(*) FROM loyalty_account",
        wrong="SELECT format('account %s has %s', id, balance) FROM loyalty_account"
        " WHERE balance < 0 AND NOT may_be_negative",
    ),
    sql_check(
        "ledger: what is left in lots is what can be spent",
        count="SELECT count(*) FROM loyalty_account WHERE kind = 'available'",
        wrong="SELECT format('account %s has %s, its lots %s', a.id, a.balance, COALESCE(sum(l.remaining), 0))"
        " FROM loyalty_account a LEFT JOIN loyalty_lot l ON l.account_id = a.id WHERE a.kind = 'available'"
        " GROUP BY a.id HAVING GREATEST(a.balance, 0) <> COALESCE(sum(l.remaining), 0)",
    ),
    sql_check(
        "ledger: what was taken of a lot is what is missing from it",
        count="SELECT count(*) FROM loyalty_lot",
        wrong="SELECT format('lot %s: %s of %s left, %s taken', l.id, l.remaining, l.amount,"
        " COALESCE(sum(x.amount), 0)) FROM loyalty_lot l LEFT JOIN loyalty_allocation x ON x.lot_id = l.id"
        " GROUP BY l.id HAVING l.amount - l.remaining <> COALESCE(sum(x.amount), 0)",
    ),
    sql_check(
        "ledger: a lot is of the account that its entry came into",
        count="SELECT count(*) FROM loyalty_lot",
        wrong="SELECT format('lot %s', l.id) FROM loyalty_lot l JOIN loyalty_entry e ON e.id = l.entry_id"
        " WHERE e.to_account_id <> l.account_id OR l.amount > e.amount",
    ),
    sql_check(
        "ledger: a reversal mirrors its entry, and happens once",
        count="SELECT count(*) FROM loyalty_entry WHERE reverses_id IS NOT NULL",
        wrong="SELECT format('entry %s', o.id) FROM loyalty_entry o JOIN loyalty_entry e ON e.reverses_id = o.id"
        " GROUP BY o.id HAVING count(*) > 1 OR bool_or((e.from_account_id, e.to_account_id, e.amount)"
        " IS DISTINCT FROM (o.to_account_id, o.from_account_id, o.amount))",
    ),
    sql_check(
        "points: an order earned once, and what it earned was posted",
        count="SELECT count(*) FROM loyalty_accrual",
        wrong="SELECT format('order %s earned %s, posted %s', a.\"order\", a.points, COALESCE(sum(e.amount), 0))"
        " FROM loyalty_accrual a LEFT JOIN loyalty_entry e ON e.source_kind = 'order' AND e.source = a.\"order\""
        " AND e.reason = 'earn' GROUP BY a.id HAVING a.points <> COALESCE(sum(e.amount), 0)"
        " OR count(e.id) > 1",
    ),
    sql_check(
        "points: released once, less what returns had taken by then",
        count="SELECT count(*) FROM loyalty_accrual WHERE released_at IS NOT NULL",
        wrong="SELECT format('order %s', a.\"order\") FROM loyalty_accrual a"
        " LEFT JOIN loyalty_entry e ON e.source_kind = 'order' AND e.source = a.\"order\" AND e.reason = 'release'"
        " GROUP BY a.id HAVING (a.released_at IS NULL AND count(e.id) > 0) OR count(e.id) > 1"
        " OR (a.released_at IS NOT NULL"
        " AND COALESCE(sum(e.amount), 0) NOT BETWEEN a.points - a.clawed_back AND a.points)",
    ),
    sql_check(
        "points: what returns took back is what their rows say",
        count="SELECT count(*) FROM loyalty_clawback",
        wrong="SELECT format('order %s: %s taken back, its returns say %s', a.\"order\", a.clawed_back,"
        " COALESCE(sum(c.due), 0)) FROM loyalty_accrual a LEFT JOIN loyalty_clawback c ON c.accrual_id = a.id"
        " GROUP BY a.id HAVING a.clawed_back <> COALESCE(sum(c.due), 0)"
        " OR a.returned_basis <> COALESCE(sum(c.basis), 0)"
        " OR COALESCE(sum(c.taken), 0) <> (SELECT COALESCE(sum(e.amount), 0) FROM loyalty_entry e"
        ' WHERE e."order" = a."order" AND e.reason = \'clawback\')',
    ),
    sql_check(
        "points: pending is what unreleased orders still wait for",
        count="SELECT count(*) FROM loyalty_account WHERE kind = 'pending'",
        wrong="SELECT format('account %s has %s, its orders %s', p.id, p.balance,"
        " COALESCE(sum(a.points - a.clawed_back), 0)) FROM loyalty_account p LEFT JOIN loyalty_accrual a"
        " ON a.source_record_id = p.source_record_id AND a.programme_id = p.programme_id AND a.released_at IS NULL"
        " WHERE p.kind = 'pending' GROUP BY p.id HAVING p.balance <> COALESCE(sum(a.points - a.clawed_back), 0)",
    ),
    sql_check(
        "points: a hold is in the state that its entries say",
        count="SELECT count(*) FROM loyalty_hold",
        wrong="SELECT format('order %s: %s', h.\"order\", h.state) FROM loyalty_hold h JOIN LATERAL ("
        "  SELECT COALESCE(sum(e.amount) FILTER (WHERE e.reason = 'hold'), 0) AS held,"
        "    COALESCE(sum(e.amount) FILTER (WHERE e.reason = 'capture'), 0) AS captured,"
        "    COALESCE(sum(e.amount) FILTER (WHERE e.reason = 'unhold'), 0) AS released,"
        "    COALESCE(sum(e.amount) FILTER (WHERE e.reason = 'give_back' AND f.kind = 'held'), 0) AS early,"
        "    COALESCE(sum(e.amount) FILTER (WHERE e.reason = 'give_back'), 0) AS back"
        "  FROM loyalty_entry e JOIN loyalty_account f ON f.id = e.from_account_id"
        '  WHERE e."order" = h."order" AND f.unit = \'points\') s ON true'
        " WHERE s.held <> h.points OR s.back <> h.given_back"
        " OR s.captured <> CASE h.state WHEN 'captured' THEN h.points - s.early ELSE 0 END"
        " OR s.released <> CASE h.state WHEN 'released' THEN h.points - s.early ELSE 0 END",
    ),
    sql_check(
        "points: what is held is what open holds hold",
        count="SELECT count(*) FROM loyalty_hold WHERE state = 'open'",
        wrong="SELECT format('programme %s holds %s, its holds say %s', g.id, a.total, h.total)"
        " FROM loyalty_programme g"
        " CROSS JOIN LATERAL (SELECT COALESCE(sum(balance), 0) AS total FROM loyalty_account"
        "   WHERE programme_id = g.id AND kind = 'held') a"
        " CROSS JOIN LATERAL (SELECT COALESCE(sum(points - given_back), 0) AS total FROM loyalty_hold"
        "   WHERE programme_id = g.id AND state = 'open') h WHERE a.total <> h.total",
    ),
    sql_check(
        "points: adjustments that were done were posted, the others were not",
        count="SELECT count(*) FROM loyalty_adjustment",
        wrong="SELECT format('adjustment %s', j.id) FROM loyalty_adjustment j LEFT JOIN loyalty_entry e"
        " ON e.source_kind = 'adjustment' AND e.source = j.id::text AND e.reason = 'adjust' GROUP BY j.id"
        " HAVING COALESCE(sum(e.amount), 0) <> CASE j.state WHEN 'done' THEN abs(j.points) ELSE 0 END"
        " OR (j.state = 'done' AND j.needs_second AND j.decided_by = j.asked_by)",
    ),
    sql_check(
        "gift cards: a card is an account of its own kind, and a told number is kept as a fingerprint",
        count="SELECT count(*) FROM loyalty_giftcard",
        wrong="SELECT format('card %s', c.id) FROM loyalty_giftcard c JOIN loyalty_account a ON a.id = c.account_id"
        " WHERE a.kind <> 'gift_card' OR (c.told_at IS NULL) <> (c.fingerprint IS NULL)",
    ),
]

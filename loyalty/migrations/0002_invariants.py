"""Entries are append-only and move balances; a reversal mirrors exactly."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION loyalty_apply_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM added e JOIN loyalty_account f ON f.id = e.from_account_id
    JOIN loyalty_account t ON t.id = e.to_account_id
    WHERE f.unit <> t.unit OR f.programme_id IS DISTINCT FROM t.programme_id) THEN
    RAISE EXCEPTION 'An entry stays within one unit and programme'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_within_one_unit';
  END IF;
  IF EXISTS (
    SELECT 1 FROM added e JOIN loyalty_entry o ON o.id = e.reverses_id
    WHERE (e.from_account_id, e.to_account_id, e.amount)
      IS DISTINCT FROM (o.to_account_id, o.from_account_id, o.amount)) THEN
    RAISE EXCEPTION 'A reversal mirrors its entry exactly'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'reversal_mirrors';
  END IF;
  -- The programme's own accounts keep no running balance: every posting would wait for their one row.
  PERFORM 1 FROM loyalty_account a
    WHERE a.id IN (SELECT from_account_id FROM added UNION SELECT to_account_id FROM added)
      AND a.kind IN ('pending', 'available', 'held', 'gift_card', 'store_credit')
    ORDER BY a.id FOR NO KEY UPDATE;
  UPDATE loyalty_account a SET balance = a.balance + m.moved
    FROM (SELECT account_id, sum(amount) AS moved FROM (
            SELECT from_account_id AS account_id, -amount AS amount FROM added
            UNION ALL SELECT to_account_id, amount FROM added) s GROUP BY 1) m
    WHERE a.id = m.account_id AND a.kind IN ('pending', 'available', 'held', 'gift_card', 'store_credit');
  RETURN NULL;
END $$;
CREATE TRIGGER entry_applied AFTER INSERT ON loyalty_entry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION loyalty_apply_entries();
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON loyalty_entry
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER entry_not_truncated BEFORE TRUNCATE ON loyalty_entry
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER allocation_append_only BEFORE UPDATE OR DELETE ON loyalty_allocation
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();

CREATE FUNCTION loyalty_balance_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 AND NEW.balance IS DISTINCT FROM
     (CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.balance END) THEN
    RAISE EXCEPTION 'A balance is moved by entries alone'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_moved_by_entries';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER balance_guard_insert BEFORE INSERT ON loyalty_account
  FOR EACH ROW EXECUTE FUNCTION loyalty_balance_guard();
CREATE TRIGGER balance_guard_update BEFORE UPDATE OF balance ON loyalty_account
  FOR EACH ROW EXECUTE FUNCTION loyalty_balance_guard();
"""

BACKWARDS = """
DROP TRIGGER balance_guard_insert ON loyalty_account;
DROP TRIGGER balance_guard_update ON loyalty_account;
DROP FUNCTION loyalty_balance_guard();
DROP TRIGGER allocation_append_only ON loyalty_allocation;
DROP TRIGGER entry_not_truncated ON loyalty_entry;
DROP TRIGGER entry_append_only ON loyalty_entry;
DROP TRIGGER entry_applied ON loyalty_entry;
DROP FUNCTION loyalty_apply_entries();
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial"), ("core", "0002_invariants")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

"""Lots stay what they were when they came, and no member's account is overdrawn unless the programme says so."""

from django.db import migrations

FORWARDS = """
DROP TRIGGER entry_append_only ON loyalty_entry;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON loyalty_entry
  FOR EACH ROW EXECUTE FUNCTION omni_append_only('note');

CREATE TRIGGER lot_stays BEFORE UPDATE OF account_id, entry_id, amount ON loyalty_lot FOR EACH ROW
  WHEN ((OLD.account_id, OLD.entry_id, OLD.amount) IS DISTINCT FROM (NEW.account_id, NEW.entry_id, NEW.amount))
  EXECUTE FUNCTION omni_stays_as_it_is('lot_stays', 'a lot keeps its account and amount');
CREATE TRIGGER lot_not_deleted BEFORE DELETE ON loyalty_lot
  FOR EACH ROW EXECUTE FUNCTION omni_stays_as_it_is('lot_stays', 'a lot is spent, never deleted');
CREATE TRIGGER lot_not_truncated BEFORE TRUNCATE ON loyalty_lot
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();

CREATE FUNCTION loyalty_overdraft_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind IN ('pending', 'held', 'gift_card', 'store_credit') OR NEW.kind = 'available' AND NOT EXISTS (
    SELECT FROM loyalty_programme p WHERE p.id = NEW.programme_id AND p.may_go_negative) THEN
    RAISE EXCEPTION 'Only a programme may let its members'' points go below zero'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_overdraft_by_programme';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER overdraft_allowed BEFORE INSERT OR UPDATE OF may_be_negative ON loyalty_account FOR EACH ROW
  WHEN (NEW.may_be_negative) EXECUTE FUNCTION loyalty_overdraft_allowed();
"""

BACKWARDS = """
DROP TRIGGER overdraft_allowed ON loyalty_account;
DROP FUNCTION loyalty_overdraft_allowed();
DROP TRIGGER lot_not_truncated ON loyalty_lot;
DROP TRIGGER lot_not_deleted ON loyalty_lot;
DROP TRIGGER lot_stays ON loyalty_lot;
DROP TRIGGER entry_append_only ON loyalty_entry;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON loyalty_entry
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0004_accounts_stay"), ("core", "0003_erasure_reaches_what_is_personal")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

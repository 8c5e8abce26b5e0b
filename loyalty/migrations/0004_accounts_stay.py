"""An account never moves to another member, and what a spend took of a lot is never emptied away."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION loyalty_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.kind, NEW.unit, NEW.programme_id, NEW.source_record_id)
     IS DISTINCT FROM (OLD.kind, OLD.unit, OLD.programme_id, OLD.source_record_id) THEN
    RAISE EXCEPTION 'An account keeps its kind, unit and member'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'account_stays';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER account_stays BEFORE UPDATE OF kind, unit, programme_id, source_record_id ON loyalty_account
  FOR EACH ROW EXECUTE FUNCTION loyalty_account_stays();
CREATE TRIGGER allocation_not_truncated BEFORE TRUNCATE ON loyalty_allocation
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();
"""

BACKWARDS = """
DROP TRIGGER allocation_not_truncated ON loyalty_allocation;
DROP TRIGGER account_stays ON loyalty_account;
DROP FUNCTION loyalty_account_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_points_come_and_go")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

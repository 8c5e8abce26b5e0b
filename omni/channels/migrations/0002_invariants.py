"""A channel never goes back to an older state."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION channels_only_newer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.delivered < OLD.delivered OR NEW.wanted < OLD.wanted THEN
    RAISE EXCEPTION 'A channel''s state moves only to a newer version'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_only_newer';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER delivery_only_newer BEFORE UPDATE OF wanted, delivered ON channels_delivery
  FOR EACH ROW EXECUTE FUNCTION channels_only_newer();
"""

BACKWARDS = """
DROP TRIGGER delivery_only_newer ON channels_delivery;
DROP FUNCTION channels_only_newer();
"""


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial"), ("core", "0002_invariants")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

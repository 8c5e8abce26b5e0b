"""Source records, decisions and consents are append-only; interactions are partitioned by month."""

from django.db import migrations

FORWARDS = """
CREATE TRIGGER source_record_immutable BEFORE UPDATE OR DELETE ON customers_sourcerecord
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER link_decision_append_only BEFORE UPDATE OR DELETE ON customers_linkdecision
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER consent_append_only BEFORE UPDATE OR DELETE ON customers_consent
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();

CREATE SEQUENCE customers_interaction_id_seq;
CREATE TABLE customers_interaction (
  id bigint NOT NULL DEFAULT nextval('customers_interaction_id_seq'),
  happened_at timestamptz NOT NULL,
  source_record_id bigint NOT NULL REFERENCES customers_sourcerecord (id) DEFERRABLE INITIALLY DEFERRED,
  channel_id bigint NOT NULL REFERENCES core_channel (id) DEFERRABLE INITIALLY DEFERRED,
  kind varchar(40) NOT NULL,
  about_kind varchar(40) NOT NULL DEFAULT '',
  about varchar(200) NOT NULL DEFAULT '',
  data jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (happened_at, id)
) PARTITION BY RANGE (happened_at);
CREATE INDEX interaction_of_record ON customers_interaction (source_record_id, happened_at DESC, id DESC);
-- What lies outside every month made so far; it should stay nearly empty.
CREATE TABLE customers_interaction_rest PARTITION OF customers_interaction DEFAULT;

-- Make the partition of a month unless it is there; rows of it that already lie in the rest are moved.
CREATE FUNCTION customers_interaction_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  name text := 'customers_interaction_' || to_char(month, 'YYYYMM');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('customers_interaction_month'));
  IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE customers_interaction INCLUDING DEFAULTS)', name);
  EXECUTE format(
    'WITH moved AS (DELETE FROM customers_interaction_rest WHERE happened_at >= %L AND happened_at < %L RETURNING *)'
    ' INSERT INTO %I SELECT * FROM moved', first::timestamp AT TIME ZONE 'UTC',
    (first + interval '1 month')::timestamp AT TIME ZONE 'UTC', name);
  EXECUTE format('ALTER TABLE customers_interaction ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
    first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
END $$;
"""

BACKWARDS = """
DROP FUNCTION customers_interaction_month(date);
DROP TABLE customers_interaction;
DROP SEQUENCE customers_interaction_id_seq;
DROP TRIGGER source_record_immutable ON customers_sourcerecord;
DROP TRIGGER link_decision_append_only ON customers_linkdecision;
DROP TRIGGER consent_append_only ON customers_consent;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("core", "0002_invariants")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

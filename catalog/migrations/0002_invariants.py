"""Prices never overlap; movements alone move stock; an offer's version only rises."""

from django.db import migrations

FORWARDS = """
CREATE SEQUENCE catalog_offer_version;

-- A currency as a number, so that the exclusion needs no extension: ISO codes are three letters.
CREATE FUNCTION omni_currency_number(code text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT ascii(substr(code, 1, 1)) * 65536 + ascii(substr(code, 2, 1)) * 256 + ascii(substr(code, 3, 1)) $$;
ALTER TABLE catalog_price ADD CONSTRAINT price_never_overlaps EXCLUDE USING gist (
  int8range(variant_id, variant_id, '[]') WITH &&,
  int4range(omni_currency_number(currency), omni_currency_number(currency), '[]') WITH &&,
  tstzrange(valid_from, valid_until) WITH &&
);

CREATE FUNCTION catalog_price_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.variant_id, NEW.currency, NEW.amount, NEW.valid_from, NEW.changed_by, NEW.created_at)
     IS DISTINCT FROM (OLD.variant_id, OLD.currency, OLD.amount, OLD.valid_from, OLD.changed_by, OLD.created_at) THEN
    RAISE EXCEPTION 'A price is ended and followed by another, never rewritten'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'price_append_only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER price_history BEFORE UPDATE ON catalog_price
  FOR EACH ROW EXECUTE FUNCTION catalog_price_history();

CREATE FUNCTION catalog_apply_movements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Levels that are not there yet begin empty; then all are moved in the one order of locks.
  INSERT INTO catalog_stocklevel (variant_id, location_id, on_hand, reserved, safety, unit_cost)
    SELECT DISTINCT variant_id, location_id, 0, 0, 0, 0 FROM added ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  PERFORM 1 FROM catalog_stocklevel l
    WHERE (l.variant_id, l.location_id) IN (SELECT variant_id, location_id FROM added)
    ORDER BY l.variant_id, l.location_id FOR NO KEY UPDATE;
  UPDATE catalog_stocklevel l SET on_hand = l.on_hand + a.moved
    FROM (SELECT variant_id, location_id, sum(quantity) AS moved FROM added GROUP BY 1, 2) a
    WHERE l.variant_id = a.variant_id AND l.location_id = a.location_id;
  RETURN NULL;
END $$;
CREATE TRIGGER movement_applied AFTER INSERT ON catalog_movement
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION catalog_apply_movements();
CREATE TRIGGER movement_append_only BEFORE UPDATE OR DELETE ON catalog_movement
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER movement_not_truncated BEFORE TRUNCATE ON catalog_movement
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();

CREATE FUNCTION catalog_level_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Depth 1 is a plain statement; the movements' own trigger comes deeper.
  IF pg_trigger_depth() < 2 AND NEW.on_hand IS DISTINCT FROM
     (CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.on_hand END) THEN
    RAISE EXCEPTION 'on_hand is moved by movements alone'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'level_moved_by_movements';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER level_guard_insert BEFORE INSERT ON catalog_stocklevel
  FOR EACH ROW EXECUTE FUNCTION catalog_level_guard();
CREATE TRIGGER level_guard_update BEFORE UPDATE OF on_hand ON catalog_stocklevel
  FOR EACH ROW EXECUTE FUNCTION catalog_level_guard();

CREATE FUNCTION catalog_offer_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version < OLD.version THEN
    RAISE EXCEPTION 'An offer''s version only rises'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_version_rises';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER offer_rises BEFORE UPDATE ON catalog_offer FOR EACH ROW EXECUTE FUNCTION catalog_offer_rises();
"""

BACKWARDS = """
DROP TRIGGER offer_rises ON catalog_offer;
DROP FUNCTION catalog_offer_rises();
DROP TRIGGER level_guard_insert ON catalog_stocklevel;
DROP TRIGGER level_guard_update ON catalog_stocklevel;
DROP FUNCTION catalog_level_guard();
DROP TRIGGER movement_not_truncated ON catalog_movement;
DROP TRIGGER movement_append_only ON catalog_movement;
DROP TRIGGER movement_applied ON catalog_movement;
DROP FUNCTION catalog_apply_movements();
DROP TRIGGER price_history ON catalog_price;
DROP FUNCTION catalog_price_history();
ALTER TABLE catalog_price DROP CONSTRAINT price_never_overlaps;
DROP FUNCTION omni_currency_number(text);
DROP SEQUENCE catalog_offer_version;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("core", "0002_invariants")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

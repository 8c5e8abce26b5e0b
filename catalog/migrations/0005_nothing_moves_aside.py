"""Prices are only ever ended, levels only moved by movements, and a coupon's uses count themselves."""

from django.db import migrations, models
from django.db.models import F, Q

FORWARDS = """
CREATE OR REPLACE FUNCTION catalog_price_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.variant_id, NEW.currency, NEW.amount, NEW.compare_at, NEW.floor, NEW.tax_included, NEW.valid_from,
      NEW.reason, NEW.changed_by, NEW.created_at)
     IS DISTINCT FROM
     (OLD.id, OLD.variant_id, OLD.currency, OLD.amount, OLD.compare_at, OLD.floor, OLD.tax_included, OLD.valid_from,
      OLD.reason, OLD.changed_by, OLD.created_at)
     OR (OLD.valid_until IS NOT NULL AND (NEW.valid_until IS NULL OR NEW.valid_until > OLD.valid_until)) THEN
    RAISE EXCEPTION 'A price is ended and followed by another, never rewritten'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'price_append_only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER price_not_deleted BEFORE DELETE ON catalog_price
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER price_not_truncated BEFORE TRUNCATE ON catalog_price
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();

CREATE TRIGGER level_stays BEFORE UPDATE OF variant_id, location_id ON catalog_stocklevel FOR EACH ROW
  WHEN ((OLD.variant_id, OLD.location_id) IS DISTINCT FROM (NEW.variant_id, NEW.location_id))
  EXECUTE FUNCTION omni_stays_as_it_is('level_moved_by_movements', 'a level keeps its variant and location');
CREATE TRIGGER level_not_deleted BEFORE DELETE ON catalog_stocklevel FOR EACH ROW
  WHEN (OLD.on_hand <> 0 OR OLD.reserved <> 0)
  EXECUTE FUNCTION omni_stays_as_it_is('level_moved_by_movements', 'there are goods on this level');
CREATE TRIGGER level_not_truncated BEFORE TRUNCATE ON catalog_stocklevel
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();
CREATE TRIGGER reservation_ends_once BEFORE UPDATE OF state ON catalog_reservation FOR EACH ROW
  WHEN (OLD.state <> 'open' AND NEW.state <> OLD.state)
  EXECUTE FUNCTION omni_stays_as_it_is('reservation_ends_once', 'what has ended is not held again');

-- A live use counts on its coupon, where a check bounds it.
CREATE FUNCTION catalog_count_coupon_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.returned_at IS NULL THEN
    UPDATE catalog_coupon SET used = used - 1 WHERE id = OLD.coupon_id;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.returned_at IS NULL THEN
    UPDATE catalog_coupon SET used = used + 1 WHERE id = NEW.coupon_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER coupon_use_counted AFTER INSERT OR DELETE ON catalog_couponuse
  FOR EACH ROW EXECUTE FUNCTION catalog_count_coupon_use();
CREATE TRIGGER coupon_use_counted_again AFTER UPDATE OF returned_at, coupon_id ON catalog_couponuse FOR EACH ROW
  WHEN ((OLD.returned_at IS NULL) <> (NEW.returned_at IS NULL) OR OLD.coupon_id <> NEW.coupon_id)
  EXECUTE FUNCTION catalog_count_coupon_use();
CREATE FUNCTION catalog_coupon_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 AND NEW.used IS DISTINCT FROM (CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.used END) THEN
    RAISE EXCEPTION 'used is moved by coupon uses alone'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_used_by_uses';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER coupon_guard BEFORE INSERT OR UPDATE OF used ON catalog_coupon
  FOR EACH ROW EXECUTE FUNCTION catalog_coupon_guard();
"""

BACKWARDS = """
DROP TRIGGER coupon_guard ON catalog_coupon;
DROP FUNCTION catalog_coupon_guard();
DROP TRIGGER coupon_use_counted_again ON catalog_couponuse;
DROP TRIGGER coupon_use_counted ON catalog_couponuse;
DROP FUNCTION catalog_count_coupon_use();
DROP TRIGGER reservation_ends_once ON catalog_reservation;
DROP TRIGGER level_not_truncated ON catalog_stocklevel;
DROP TRIGGER level_not_deleted ON catalog_stocklevel;
DROP TRIGGER level_stays ON catalog_stocklevel;
DROP TRIGGER price_not_truncated ON catalog_price;
DROP TRIGGER price_not_deleted ON catalog_price;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_option_order"), ("core", "0003_erasure_reaches_what_is_personal")]
    operations = [
        # A price that another one replaced before it began is ended where it begins: it never ran.
        migrations.RemoveConstraint(model_name="price", name="price_valid_forwards"),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                name="price_valid_forwards", condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]

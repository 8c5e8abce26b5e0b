"""Only listed steps are taken; sums of lines and refunds hold; events are append-only."""

from django.db import migrations

ORDER = {
    "": "awaiting_payment placed in_progress completed cancelled",
    "awaiting_payment": "placed in_progress completed cancelled",
    "placed": "in_progress completed cancelled",
    "in_progress": "completed cancelled",
}
FULFILMENT = {
    "": "new collected shipped delivered",
    "new": "accepted picked rejected cancelled",
    "accepted": "picked rejected cancelled",
    "picked": "packed ready shipped rejected cancelled",
    "packed": "ready shipped cancelled",
    "ready": "collected expired cancelled",
    "shipped": "delivered failed",
    "failed": "shipped cancelled",
}
ROWS = ",".join(
    f"('{machine}', '{before}', '{after}')"
    for machine, table in (("order", ORDER), ("fulfilment", FULFILMENT))
    for before, afters in table.items()
    for after in afters.split()
)

FORWARDS = f"""
-- The table of steps; a later migration replaces this function whole.
CREATE FUNCTION orders_may_become(machine text, before text, after text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
  $$ SELECT (machine, before, after) IN ({ROWS}) $$;

CREATE FUNCTION orders_listed_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END;
BEGIN
  IF NEW.status IS DISTINCT FROM was AND NOT orders_may_become(TG_ARGV[0], was, NEW.status) THEN
    RAISE EXCEPTION '% cannot go from % to %', TG_ARGV[0], was, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0] || '_step_listed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER order_step BEFORE INSERT OR UPDATE OF status ON orders_order
  FOR EACH ROW EXECUTE FUNCTION orders_listed_step('order');
CREATE TRIGGER fulfilment_step BEFORE INSERT OR UPDATE OF status ON orders_fulfilment
  FOR EACH ROW EXECUTE FUNCTION orders_listed_step('fulfilment');

-- At the commit: the order's sums are its lines' sums.
CREATE FUNCTION orders_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE o orders_order; listed bigint; discounted bigint; apart bigint;
BEGIN
  SELECT * INTO o FROM orders_order WHERE id = NEW.id;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT coalesce(sum(list_total), 0), coalesce(sum(discount_total), 0) INTO listed, discounted
    FROM orders_orderline WHERE order_id = o.id;
  SELECT coalesce(sum((a->>'amount')::bigint), 0) INTO apart FROM jsonb_array_elements(o.order_adjustments) a;
  IF o.list_total <> listed OR o.discount_total <> discounted - apart THEN
    RAISE EXCEPTION 'Order %: its lines do not add up', o.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_lines_add_up';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER order_lines_add_up AFTER INSERT OR UPDATE OF list_total, discount_total, total, order_adjustments
  ON orders_order DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orders_lines_add_up();

-- A refund out of a payment counts there, where a check bounds it by what was captured.
CREATE FUNCTION orders_apply_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE orders_payment p SET refunded = p.refunded + r.amount
    FROM (SELECT payment_id, sum(amount) AS amount FROM added WHERE payment_id IS NOT NULL GROUP BY 1) r
    WHERE p.id = r.payment_id;
  RETURN NULL;
END $$;
CREATE TRIGGER refund_applied AFTER INSERT ON orders_refund
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION orders_apply_refunds();
CREATE TRIGGER refund_append_only BEFORE UPDATE OR DELETE ON orders_refund
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
CREATE FUNCTION orders_refunded_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 AND NEW.refunded IS DISTINCT FROM
     (CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.refunded END) THEN
    RAISE EXCEPTION 'refunded is moved by refunds alone'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'refunded_by_refunds';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refunded_guard BEFORE INSERT OR UPDATE OF refunded ON orders_payment
  FOR EACH ROW EXECUTE FUNCTION orders_refunded_guard();

CREATE TRIGGER order_event_append_only BEFORE UPDATE OR DELETE ON orders_orderevent
  FOR EACH ROW EXECUTE FUNCTION omni_append_only();
"""

BACKWARDS = """
DROP TRIGGER order_event_append_only ON orders_orderevent;
DROP TRIGGER refunded_guard ON orders_payment;
DROP FUNCTION orders_refunded_guard();
DROP TRIGGER refund_append_only ON orders_refund;
DROP TRIGGER refund_applied ON orders_refund;
DROP FUNCTION orders_apply_refunds();
DROP TRIGGER order_lines_add_up ON orders_order;
DROP FUNCTION orders_lines_add_up();
DROP TRIGGER fulfilment_step ON orders_fulfilment;
DROP TRIGGER order_step ON orders_order;
DROP FUNCTION orders_listed_step();
DROP FUNCTION orders_may_become(text, text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial"), ("core", "0002_invariants")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

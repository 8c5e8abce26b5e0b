"""An order's sums hold whichever row is touched; payments stay as they were taken; refunds always name one."""

from django.db import migrations

ADD_UP = """
CREATE OR REPLACE FUNCTION orders_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE o orders_order; listed bigint; discounted bigint; apart bigint; charged bigint;
BEGIN
  SELECT * INTO o FROM orders_order WHERE id = NEW.id;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT coalesce(sum(list_total), 0), coalesce(sum(discount_total), 0) INTO listed, discounted
    FROM orders_orderline WHERE order_id = o.id;
  SELECT coalesce(sum((a->>'amount')::bigint), 0) INTO apart FROM jsonb_array_elements(o.order_adjustments) a;
  SELECT coalesce(sum((c->>'amount')::bigint), 0) INTO charged FROM jsonb_array_elements(o.charges) c;
  IF o.list_total <> listed OR o.discount_total <> discounted - apart OR o.charges_total <> charged THEN
    RAISE EXCEPTION 'Order %: its lines and charges do not add up', o.number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'order_lines_add_up';
  END IF;
  RETURN NULL;
END $$;
"""

FORWARDS = ADD_UP + """
DROP TRIGGER order_lines_add_up ON orders_order;
CREATE CONSTRAINT TRIGGER order_lines_add_up AFTER INSERT OR UPDATE ON orders_order
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orders_lines_add_up();

-- Lines that change have their orders looked at, at the commit. One that this transaction wrote is in that queue
-- already; any other is written again as it is, which puts it there: once an order, not once a line.
CREATE FUNCTION orders_lines_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    UPDATE orders_order o SET list_total = o.list_total
      FROM (SELECT DISTINCT unnest(ARRAY[w.order_id, c.order_id]) AS id FROM was w JOIN changed c USING (id)
            WHERE (w.order_id, w.list_total, w.discount_total) IS DISTINCT FROM
                  (c.order_id, c.list_total, c.discount_total)) touched
      WHERE o.id = touched.id AND o.xmin <> pg_current_xact_id()::xid;
  ELSE
    UPDATE orders_order o SET list_total = o.list_total
      FROM (SELECT DISTINCT order_id AS id FROM changed) touched
      WHERE o.id = touched.id AND o.xmin <> pg_current_xact_id()::xid;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER line_added AFTER INSERT ON orders_orderline
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION orders_lines_changed();
CREATE TRIGGER line_changed AFTER UPDATE ON orders_orderline
  REFERENCING OLD TABLE AS was NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION orders_lines_changed();
CREATE TRIGGER line_removed AFTER DELETE ON orders_orderline
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION orders_lines_changed();
CREATE TRIGGER line_not_truncated BEFORE TRUNCATE ON orders_orderline
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();

-- A refund comes out of a payment of its own order; only another system's books hold one without.
CREATE OR REPLACE FUNCTION orders_apply_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added r LEFT JOIN orders_payment p ON p.id = r.payment_id
      LEFT JOIN orders_return t ON t.id = r.of_return_id
    WHERE r.order_id IS DISTINCT FROM p.order_id AND p.id IS NOT NULL
       OR p.id IS NULL AND t.history IS NOT TRUE) THEN
    RAISE EXCEPTION 'A refund comes out of a payment of its own order'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_of_its_order';
  END IF;
  UPDATE orders_payment p SET refunded = p.refunded + r.amount
    FROM (SELECT payment_id, sum(amount) AS amount FROM added WHERE payment_id IS NOT NULL GROUP BY 1) r
    WHERE p.id = r.payment_id;
  RETURN NULL;
END $$;
CREATE TRIGGER refund_not_truncated BEFORE TRUNCATE ON orders_refund
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();

CREATE TRIGGER payment_stays BEFORE UPDATE OF order_id, tender, amount ON orders_payment FOR EACH ROW
  WHEN ((OLD.order_id, OLD.tender, OLD.amount) IS DISTINCT FROM (NEW.order_id, NEW.tender, NEW.amount))
  EXECUTE FUNCTION omni_stays_as_it_is('payment_stays', 'a payment keeps its order, tender and amount');
CREATE TRIGGER payment_step BEFORE UPDATE OF status ON orders_payment FOR EACH ROW
  WHEN (OLD.status <> 'pending' AND NEW.status <> OLD.status)
  EXECUTE FUNCTION omni_stays_as_it_is('payment_step_listed', 'only a pending payment is captured or cancelled');
CREATE TRIGGER payment_not_deleted BEFORE DELETE ON orders_payment FOR EACH ROW WHEN (OLD.status = 'captured')
  EXECUTE FUNCTION omni_stays_as_it_is('payment_stays', 'money that was taken is refunded, never deleted');
CREATE TRIGGER payment_not_truncated BEFORE TRUNCATE ON orders_payment
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();

CREATE TRIGGER pickup_code_ends_once BEFORE UPDATE OF ended_at ON orders_pickupcode FOR EACH ROW
  WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL)
  EXECUTE FUNCTION omni_stays_as_it_is('pickup_code_ends_once', 'a code that has ended is not live again');

DROP TRIGGER order_event_append_only ON orders_orderevent;
CREATE TRIGGER order_event_append_only BEFORE UPDATE OR DELETE ON orders_orderevent
  FOR EACH ROW EXECUTE FUNCTION omni_append_only('data');
CREATE TRIGGER order_event_not_truncated BEFORE TRUNCATE ON orders_orderevent
  FOR EACH STATEMENT EXECUTE FUNCTION omni_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_merged_carts_lead_on"), ("core", "0003_erasure_reaches_what_is_personal")]
    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]

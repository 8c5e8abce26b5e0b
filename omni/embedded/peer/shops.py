"""A reference shop: it takes offers, shows them, sells by what it shows, and tells its owner of each order."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
import urllib.request
import uuid
from typing import Any

from omni.embedded.peer.answers import Answer, Refused, Request
from omni.embedded.peer.pages import title
from omni.embedded.peer.store import Row, Store, now

BATCH = 100
WEBHOOK_WAITS = (0, 1, 3, 9, 27)
log = logging.getLogger(__name__)


def offers_post(store: Store, request: Request) -> Answer:
    """{"offers": [...]}, at most 100 -> {"results": [{sku, status: taken | stale | rejected | busy, ...}]}."""
    offers = request.fields()["offers"]
    if len(offers) > BATCH:
        raise Refused(413, "too_many", limit=BATCH)
    faults = store.faults(request.code)
    poisoned = set(faults.get("skus", [])) if faults.get("mode") == "poison" else set()
    good = [offer for offer in offers if offer["sku"] not in poisoned]
    taken = {result["sku"]: result for result in store.put_offers(request.code, good)}
    status = "busy" if faults.get("temporary") else "rejected"
    results = [
        taken.get(offer["sku"])
        or {"sku": offer["sku"], "status": status, "reason": faults.get("reason", "this product is not allowed here")}
        for offer in offers
    ]
    seen = [[result["sku"], offer["version"], result["status"]] for offer, result in zip(offers, results, strict=True)]
    return Answer(200, {"results": results}, logged={"offers": seen})


def offers_get(store: Store, request: Request) -> Answer:
    """What the shop shows, by SKU: all of it in pages of 500, or the named ones."""
    shown = store.offers(request.code, request.query.get("sku", []), request.first("after"))
    return Answer(200, {"offers": shown, "next": shown[-1]["sku"] if len(shown) == 500 else None})


def orders_get(store: Store, request: Request) -> Answer:
    """Orders changed since a time, the oldest change first; or those of given ids."""
    found = store.orders(request.code, since=request.first("since"), ids=request.query.get("id", []))
    return Answer(200, {"orders": found, "next": found[-1]["modified_at"] if len(found) == 500 else None})


def orders_post(store: Store, request: Request) -> Answer:
    """A customer of this shop buys: by JSON, or by the form of the storefront."""
    if store.settings(request.code) is None:
        raise Refused(404, "no_such_shop")
    order = _order(store, request.code, _from_form(request.fields()) if request.is_form else request.fields())
    order, is_new = store.put_order(request.code, order)
    if is_new:
        _tell_owner(store, request.code, order["id"])
    logged = {"order": order["id"], "new": is_new}
    if request.is_form:
        location = f"/shops/{request.code}/?lang={request.speaks}&ordered={order['id']}"
        return Answer(303, "", location=location, logged=logged)
    return Answer(201 if is_new else 200, order, logged=logged)


def _order(store: Store, shop: str, told: dict[str, Any]) -> Row:
    """An order at the prices that the shop shows. Refused for what it does not show or has too little of."""
    lines = []
    for line in told["lines"]:
        quantity = int(line["quantity"])
        shown = store.offers(shop, [line["sku"]])
        if quantity < 1 or not shown:
            raise Refused(422, "bad_line", sku=line["sku"])
        offer = shown[0]
        if not offer["sellable"] or offer["atp"] < quantity:
            raise Refused(409, "sold_out", sku=line["sku"])
        price = offer["price"] if offer.get("promotion_price") is None else offer["promotion_price"]
        lines.append(
            {
                "sku": offer["sku"],
                "gtin": offer.get("gtin"),
                "name": title(offer, "vi"),
                "quantity": quantity,
                "list_price": offer["price"],
                "unit_price": price,
                "total": price * quantity,
                "currency": offer["currency"],
            }
        )
    if not lines:
        raise Refused(422, "no_lines")
    total = sum(line["total"] for line in lines)
    at = now()
    return {
        "id": str(told.get("id") or uuid.uuid4()),
        "placed_at": at,
        "modified_at": at,
        "status": "paid",
        "currency": lines[0]["currency"],
        "lines": lines,
        "charges": told.get("charges", []),
        "total": total + sum(charge["amount"] for charge in told.get("charges", [])),
        "contact": told.get("contact", {}),
        "fulfilment": told.get("fulfilment", {}),
    }


def _from_form(told: dict[str, Any]) -> dict[str, Any]:
    contact = {name: told[name].strip() for name in ("name", "phone", "email", "address") if told.get(name, "").strip()}
    return {
        "id": told.get("id"),
        "lines": [{"sku": told["sku"], "quantity": told.get("quantity", "1")}],
        "contact": contact,
        "fulfilment": {"method": "delivery", "address": {"text": contact.get("address", "")}},
    }


def sign(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """As Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`, base64, with the scheme's version before."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _tell_owner(store: Store, shop: str, order: str) -> None:
    settings = store.settings(shop) or {}
    if settings.get("webhook_url") and settings.get("webhook_secret"):
        threading.Thread(target=_send_webhook, args=(store, shop, order), daemon=True).start()


def _send_webhook(store: Store, shop: str, order: str) -> None:
    """A hint with a few tries; an owner who misses all of them finds the order by asking."""
    event_id = f"msg_{uuid.uuid4().hex}"
    body = json.dumps({"type": "order.created", "timestamp": now(), "data": {"id": order}}).encode()
    for wait in WEBHOOK_WAITS:
        time.sleep(wait)
        settings = store.settings(shop) or {}
        timestamp = int(time.time())
        request = urllib.request.Request(  # noqa: S310  the owner's address
            settings["webhook_url"],
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": event_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(settings["webhook_secret"], event_id, timestamp, body),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                store.log(method="WEBHOOK", path=f"/shops/{shop}", status=answer.status, event=event_id)
                return
        except OSError as error:
            log.warning("The owner of %s did not take the webhook: %s", shop, error)

"""The project's own reference shop: HTTP and JSON, offers with versions, orders, Standard Webhooks."""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from omni.channels.adapters import signatures
from omni.channels.adapters.base import (
    OFFER,
    Adapter,
    BadSignature,
    ChannelLine,
    ChannelOrder,
    Event,
    Item,
    ItemResult,
    Shown,
    bearer,
    check,
    setting,
)
from omni.channels.health import start_afresh
from omni.core.db import write
from omni.core.http import call
from omni.core.models import Channel


class ReferenceShop(Adapter):
    """Settings: `url` of the shop, `token`, `webhook_secrets` (one, or two while they change)."""

    handles = frozenset({OFFER})
    sells = True
    needs = frozenset({"url", "token"})

    def push(self, channel: Channel, items: Sequence[Item]) -> list[ItemResult]:
        body = {"offers": [_offer(item) for item in items]}
        return [_result(told) for told in self._call(channel, "POST", "/offers", body)["results"]]

    def read_back(self, channel: Channel, keys: Sequence[str] | None) -> list[Shown]:
        if keys is not None:
            chunks = [keys[start : start + self.batch_size] for start in range(0, len(keys), self.batch_size)]
            return [shown for chunk in chunks for shown in self._page(channel, [("sku", key) for key in chunk])[0]]
        found: list[Shown] = []
        page, after = self._page(channel, [])
        while page:
            found += page
            page, after = self._page(channel, [("after", after)]) if after else ([], None)
        return found

    def pull_orders(
        self, channel: Channel, *, since: datetime | None = None, ids: Sequence[str] = ()
    ) -> list[ChannelOrder]:
        found: dict[str, ChannelOrder] = {}
        query = [("id", id) for id in ids] + ([("since", since.isoformat())] if since else [])
        while True:
            told = self._call(channel, "GET", "/orders?" + urlencode(query))
            orders = [_order(order) for order in told["orders"]]
            news = [order for order in orders if order.external_id not in found]
            found |= {order.external_id: order for order in orders}
            # The next page begins with the time that this one ended with.
            if not told["next"] or not news:
                return list(found.values())
            query = [("since", told["next"])]

    def parse_webhook(
        self, channel: Channel, headers: Mapping[str, str], raw: bytes, *, received_at: datetime
    ) -> list[Event]:
        event_id = signatures.verify(channel.settings.get("webhook_secrets", []), headers, raw, received_at=received_at)
        try:
            told = json.loads(raw)
            return [Event(id=event_id, kind=str(told["type"]), key=str(told["data"]["id"]))]
        except (ValueError, KeyError, TypeError) as error:
            raise BadSignature from error

    def _page(self, channel: Channel, query: list[tuple[str, str]]) -> tuple[list[Shown], str | None]:
        told = self._call(channel, "GET", "/offers?" + urlencode(query))
        return [_shown(offer) for offer in told["offers"]], told["next"]

    def _call(self, channel: Channel, method: str, path: str, body: Any = None) -> Any:
        headers = bearer(setting(channel, "token"))
        url = setting(channel, "url").rstrip("/") + path
        return check(call(method, url, json=body, headers=headers, deadline=self.deadline)).json()


def connect(*, channel: Channel, url: str, webhook_url: str = "") -> None:
    """Make a channel speak to the reference shop at `url`, keeping the token and secret it may have had there.

    Calls the shop, so not inside a transaction. Raises TransportError where the shop does not answer.
    """
    known = channel.settings
    secret = (known.get("webhook_secrets") or [new_secret()])[0]
    told = {"name": channel.name, "webhook_url": webhook_url, "webhook_secret": secret}
    headers = bearer(known.get("token"))
    settings = check(call("PUT", f"{url}/settings", json=told, headers=headers)).json()
    with write():
        channel.settings = known | {"url": url, "token": settings["token"], "webhook_secrets": [secret]}
        channel.adapter = "reference"
        channel.save(update_fields=["settings", "adapter"])
        start_afresh(channel)


def new_secret() -> str:
    """A secret in the form that Standard Webhooks gives it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _offer(item: Item) -> dict[str, Any]:
    offer = item.state
    return {
        "sku": offer.sku,
        "gtin": offer.gtin,
        "name": {"vi": offer.name_vi, "en": offer.name_en},
        "options": offer.options,
        "currency": offer.currency,
        "price": offer.price,
        "compare_at": offer.compare_at,
        "promotion_price": offer.promotion_price,
        "atp": offer.atp,
        "sellable": offer.sellable,
        "availability": offer.availability,
        "version": item.version,
        "overwrite": item.overwrite,
    }


def _result(told: Mapping[str, Any]) -> ItemResult:
    return ItemResult(
        key=told["sku"],
        # A shop that shows something newer already is where it should be.
        ok=told["status"] in {"taken", "stale"},
        permanent=told["status"] == "rejected",
        reason=told.get("reason", ""),
        theirs=told.get("id"),
    )


def _shown(offer: Mapping[str, Any]) -> Shown:
    return Shown(
        key=offer["sku"],
        version=offer["version"],
        price=offer.get("price"),
        promotion_price=offer.get("promotion_price"),
        atp=offer.get("atp"),
        sellable=offer.get("sellable"),
    )


def _order(told: Mapping[str, Any]) -> ChannelOrder:
    return ChannelOrder(
        external_id=told["id"],
        placed_at=datetime.fromisoformat(told["placed_at"]),
        modified_at=datetime.fromisoformat(told["modified_at"]),
        currency=told["currency"],
        total=told["total"],
        lines=[
            ChannelLine(
                sku=line["sku"],
                quantity=line["quantity"],
                unit_price=line["unit_price"],
                total=line["total"],
                gtin=line.get("gtin"),
                name=line.get("name", ""),
            )
            for line in told["lines"]
        ],
        charges=told.get("charges", []),
        contact=told.get("contact", {}),
        fulfilment=told.get("fulfilment", {}),
        paid=told.get("status") == "paid",
        cancelled=told.get("status") == "cancelled",
    )

"""What the story knows while it is told: its keys, its people, its goods and its order."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings

from omni.core import clock
from omni.core.models import Channel
from omni.embedded.shop import Shop
from omni.embedded.story.client import Api, manage, wait_for

HOME, OTHER = "hcm-q1", "hn-hk"
SELLING = ("web", "app", "till", "call", "shopee", "social")


class World:
    """The running shop as its callers see it. `api` holds a client for each key, by name."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self.peer = httpx.Client(base_url=shop.peer_url, timeout=20)
        self.api = {code: self._with_key(code) for code in SELLING if code != "till"}
        self.api["till"] = self._with_key("till", "--location", HOME)
        self.api["other till"] = self._with_key("till", "--location", OTHER)
        self.clerk = Api(shop.url).sign_in("lan", shop.passwords["lan"])
        self.manager = Api(shop.url).sign_in("admin", shop.passwords["admin"])
        # Filled in as the story goes on.
        self.imported_sku = self.demo_sku = ""
        self.phone, self.email, self.card = "+84901234567", "lan.nguyen@example.net", "2911000000018"
        self.customer = ""
        self.cart = ""
        self.order: dict[str, Any] = {}
        self.refunded: dict[str, Any] = {}
        self.before_order = self.after_order = self.before_return = Sales(date.min, {})

    def _with_key(self, channel: str, *more: str) -> Api:
        return Api(self.shop.url, key=self.manage("create_channel_key", channel, *more))

    def manage(self, *arguments: str) -> str:
        return manage(*arguments, data_dir=self.shop.data_dir)

    def atp(self, sku: str, location: str, api: str = "web") -> int:
        """What can be promised of a SKU at a location, as the API shows it."""
        places = self.api[api].get(f"variants/{sku}")["availability"]
        return next((place["atp"] for place in places if place["location"] == location), 0)

    def shown(self, channel: str, sku: str) -> dict[str, Any]:
        """What the channel's own shop shows of a SKU, read from that shop."""
        token = Channel.objects.get(code=channel).settings["token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.peer.get(f"/shops/{channel}/offers", params={"sku": sku}, headers=headers)
        offers = answer.json()["offers"] if answer.status_code == 200 else []
        return offers[0] if offers else {}

    def sms_to(self, phone: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.peer.get("/sms/messages", params={"to": phone}).json()["messages"]
        return messages

    def mail_to(self, email: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.peer.get("/mail/messages", params={"to": email}).json()["messages"]
        return messages

    def code_by_sms(self, api: Api) -> str:
        """Ask for a code for the story's phone and read it where its owner would."""
        before = len(self.sms_to(self.phone))
        api.post("auth/otp", {"phone": self.phone})
        messages = wait_for(
            "an SMS with a code", lambda: found if len(found := self.sms_to(self.phone)) > before else []
        )
        digits = "".join(letter if letter.isdigit() else " " for letter in messages[0]["text"]).split()
        return next(word for word in digits if len(word) == 6)

    def today(self) -> date:
        """The shop's own day by its business clock."""
        return clock.now().astimezone(self.zone).date()

    def day_of(self, moment: str) -> date:
        """The shop's own day of a moment that the API told."""
        return datetime.fromisoformat(moment).astimezone(self.zone).date()

    def live_atp(self, sku: str, location: str) -> int:
        """What can be promised of a SKU at a location this moment, from the stock table itself."""
        places = self.api["web"].get("locations", sku=sku)["results"]
        return next((int(row["atp"]) for row in places if row["code"] == location), 0)

    def sales(self, day: date) -> "Sales":
        """The sales report of one day, as its CSV export has it."""
        page = "/reports/sales-by-channel/"
        text = self.manager.page(page, **{"from": day.isoformat(), "to": day.isoformat(), "format": "csv"})
        rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        return Sales(day, {(row["Table"], row["Name"]): row for row in rows if row["Currency"] == "VND"})


@dataclass(frozen=True, slots=True)
class Sales:
    """The report's rows of one day, by table and name; a row that is not there is all zero."""

    day: date
    rows: dict[tuple[str, str], dict[str, str]]

    def row(self, table: str, name: str) -> tuple[int, int, int]:
        """Orders, returns and net sales of a row; amounts in minor units."""
        row = self.rows.get((table, name), {})
        orders, returns, net = (int(row.get(column) or 0) for column in ("Orders", "Returns", "Net sales"))
        return orders, returns, net

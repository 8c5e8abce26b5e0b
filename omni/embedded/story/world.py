"""What the story knows while it is told: its keys, its people, its goods and its order."""

import csv
import io
from typing import Any

import httpx

from omni.core.models import Channel
from omni.embedded.headless import Shop
from omni.embedded.story.client import Api, manage, wait_for

HOME, OTHER = "hcm-q1", "hn-hk"
SELLING = ("web", "app", "till", "call", "shopee", "social")


class World:
    """The running shop as its callers see it. `api` holds a client for each key, by name."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
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
        self.points = 0

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
            "an SMS with a code", lambda: (found := self.sms_to(self.phone)) and len(found) > before and found
        )
        digits = "".join(letter if letter.isdigit() else " " for letter in messages[0]["text"]).split()
        return next(word for word in digits if len(word) == 6)

    def sales(self, day: str) -> dict[str, dict[str, str]]:
        """The sales report of one day as its CSV export has it, by the name of its row."""
        text = self.manager.page("/reports/sales-by-channel/", **{"from": day, "to": day, "format": "csv"})
        return {row[next(iter(row))]: row for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}

"""The outside world as a process of its own, and a client that looks at it directly."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from omni.channels.adapters import reference, sms_gateway
from omni.core.models import Channel
from tests.factories.channels import MailFactory, SmsFactory, WebShopFactory


class World:
    """A started peer. `shop`, `mail` and `sms` make channels that speak to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "omni.embedded.peer", "--data-dir", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{told['http_port']}"
        self.smtp_port: int = told["smtp_port"]
        self._codes = 0

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=10)

    def shop(self, **fields: Any) -> Channel:
        """A new shop, so that tests do not see each other's."""
        self._codes += 1
        channel = WebShopFactory(code=f"shop-{self._codes}", settings={}, **fields)
        reference.connect(
            channel=channel, url=f"{self.url}/shops/{channel.code}", webhook_url="http://127.0.0.1:9/hook"
        )
        return channel

    def mail(self, **fields: Any) -> Channel:
        return MailFactory(settings={"host": "127.0.0.1", "port": self.smtp_port}, **fields)

    def sms(self) -> Channel:
        # One gateway for all tests, so its token comes from where the first of them left it.
        channel = SmsFactory(settings={"token": getattr(self, "_sms_token", "")})
        sms_gateway.connect(channel=channel, url=f"{self.url}/sms")
        self._sms_token = channel.settings["token"]
        return channel

    def ask(self, channel: Channel, method: str, path: str, body: Any = None) -> Any:
        """Call a shop as its owner, past every adapter."""
        answer = httpx.request(
            method,
            f"{self.url}/shops/{channel.code}{path}",
            json=body,
            headers={"Authorization": f"Bearer {channel.settings['token']}"},
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    def shows(self, channel: Channel, sku: str) -> dict[str, Any] | None:
        found = self.ask(channel, "GET", f"/offers?sku={sku}")["offers"]
        return found[0] if found else None

    def faults(self, channel: Channel, **faults: Any) -> None:
        self.ask(channel, "PUT", "/faults", faults)

    def mail_faults(self, **faults: Any) -> None:
        httpx.put(f"{self.url}/mail/faults", json=faults)

    def received(self, kind: str, to: str) -> list[dict[str, Any]]:
        return httpx.get(f"{self.url}/{kind}/messages", params={"to": to}).json()["messages"]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "requests.log").read_text().splitlines()]

    def pushes(self, channel: Channel) -> list[list[Any]]:
        """[sku, version, what became of it] of every push to a shop, in order."""
        path = f"/shops/{channel.code}/offers"
        return [offer for entry in self.log() if entry["path"] == path for offer in entry.get("offers", [])]

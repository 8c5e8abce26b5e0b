"""A generic HTTP SMS gateway: POST {to, text, id} to its `/messages`; a repeat of an id sends nothing."""

from collections.abc import Sequence

from omni.channels.adapters.base import NOTICE, Adapter, BatchRefused, Item, ItemResult, bearer, check, setting
from omni.channels.health import start_afresh
from omni.core.db import write
from omni.core.http import call
from omni.core.models import Channel


class SmsGateway(Adapter):
    """Settings: `url`, `token`."""

    handles = frozenset({NOTICE})
    # One message a call: what was sent is marked before the next one goes.
    batch_size = 1
    shows = frozenset()
    needs = frozenset({"url", "token"})

    def push(self, channel: Channel, items: Sequence[Item]) -> list[ItemResult]:
        return [self._send(channel, item) for item in items]

    def _send(self, channel: Channel, item: Item) -> ItemResult:
        message = item.mail
        body = {"to": message.to, "text": message.text, "id": message.id}
        headers = bearer(setting(channel, "token")) | {"Idempotency-Key": message.id}
        url = setting(channel, "url").rstrip("/") + "/messages"
        try:
            check(call("POST", url, json=body, headers=headers, deadline=self.deadline))
        except BatchRefused as refused:
            return ItemResult(key=item.key, ok=False, permanent=True, reason=refused.reason)
        return ItemResult(key=item.key, ok=True)


def connect(*, channel: Channel, url: str) -> None:
    """Make a channel speak to the gateway at `url`, keeping the token it may have had there."""
    headers = bearer(channel.settings.get("token"))
    told = check(call("PUT", f"{url}/settings", json={}, headers=headers)).json()
    with write():
        channel.settings = channel.settings | {"url": url, "token": told["token"]}
        channel.adapter = "sms_gateway"
        channel.save(update_fields=["settings", "adapter"])
        start_afresh(channel)

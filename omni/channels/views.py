"""The API of this room: how a channel is doing, what may be done with it, and where it sends its hints."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from omni.channels import drift, inbound, managing, tasks
from omni.channels.adapters import ADAPTERS
from omni.channels.queries import channel_statuses
from omni.channels.serializers import (
    ChannelStatusSerializer,
    ResyncedSerializer,
    ShownListSerializer,
    VerifiedSerializer,
    VerifySerializer,
)
from omni.core import clock
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import Conflict, NotFound
from omni.core.http import TransportError
from omni.core.models import Channel

SEE = Access(key=True, staff="channels.view_delivery")
ACT = Access(staff="channels.change_delivery")
MANY = 500


class ChannelSilent(Conflict):
    """The channel did not answer; nothing was changed."""

    code = "channel_silent"


class ChannelView(ApiView):
    """One channel by its code; a key sees its own channel alone."""

    def channel(self, code: str) -> Channel:
        """Raises NotFound, also for a key that asks for another channel."""
        channel = Channel.objects.filter(code=code).first()
        if channel is None or (not self.caller.is_staff and self.caller.channel != channel):
            raise NotFound
        return channel


class StatusView(ChannelView):
    access = {"GET": SEE}

    @extend_schema(responses=ChannelStatusSerializer, tags=["channels"])
    def get(self, request: Request, code: str) -> Response:
        """How far the channel is behind, what it said last, and how much it shows that is not so."""
        return Response(_status(self.channel(code)))


class PauseView(ChannelView):
    access = {"POST": ACT}

    @extend_schema(request=None, responses=ChannelStatusSerializer, tags=["channels"])
    def post(self, request: Request, code: str) -> Response:
        """Hold every push to the channel; nothing is lost by it."""
        channel = managing.pause_channel(channel=self.channel(code), by=self.caller.name, now=clock.now())
        return Response(_status(channel))


class ResumeView(ChannelView):
    access = {"POST": ACT}

    @extend_schema(request=None, responses=ChannelStatusSerializer, tags=["channels"])
    def post(self, request: Request, code: str) -> Response:
        """Go on pushing, at once."""
        channel = managing.resume_channel(channel=self.channel(code), by=self.caller.name, now=clock.now())
        return Response(_status(channel))


class ResyncView(ChannelView):
    access = {"POST": ACT}

    @extend_schema(request=None, responses=ResyncedSerializer, tags=["channels"])
    def post(self, request: Request, code: str) -> Response:
        """Push every offer again, over whatever the channel shows."""
        channel = self.channel(code)
        count = managing.resync_channel(channel=channel, now=clock.now())
        return Response({"offers": count, **_status(channel)})


class VerifyView(ChannelView):
    access = {"POST": ACT}
    unwrapped = {"POST"}

    @extend_schema(request=VerifySerializer, responses=VerifiedSerializer, tags=["channels"])
    def post(self, request: Request, code: str) -> Response:
        """Read back what the channel shows, of some SKUs or of all, and push again what differs."""
        skus = self.read(VerifySerializer).get("skus")
        try:
            found = drift.verify(self.channel(code), clock.now(), skus)
        except TransportError as error:
            raise ChannelSilent(error.reason) from error
        return Response({"checked": found.checked, "opened": found.opened, "healed": found.healed, "open": found.open})


class ShownView(ChannelView):
    access = {"GET": SEE}

    @extend_schema(
        parameters=[OpenApiParameter("sku", OpenApiTypes.STR, many=True, description="One or more SKUs.")],
        responses=ShownListSerializer,
        tags=["channels"],
    )
    def get(self, request: Request, code: str) -> Response:
        """What the channel shows of these SKUs at this moment, read from the channel itself."""
        channel = self.channel(code)
        adapter = ADAPTERS.get(channel.adapter)
        skus = request.query_params.getlist("sku")[:MANY]
        if adapter is None or not adapter.shows:
            return Response({"results": []})
        try:
            shown = adapter.read_back(channel, skus or None)
        except TransportError as error:
            raise ChannelSilent(error.reason) from error
        return Response(
            {
                "results": [
                    {
                        "sku": one.key,
                        "version": one.version,
                        "price": one.price,
                        "promotion_price": one.promotion_price,
                        "atp": one.atp,
                        "sellable": one.sellable,
                    }
                    for one in shown
                ]
            }
        )


class WebhookView(ApiView):
    """Signed by the channel's own scheme over the raw body, which is therefore read before anything else is."""

    access = {"POST": Access(public=True)}
    authentication_classes = ()
    unwrapped = {"POST"}

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT, tags=["channels"], auth=[])
    def post(self, request: Request, code: str) -> Response:
        """Take a hint of the channel: bad or old signature 401, a repeat 200 without effect."""
        channel = Channel.objects.filter(code=code).first()
        if channel is None:
            raise NotFound
        new = inbound.take_webhook(
            channel=channel,
            headers={name.lower(): value for name, value in request.headers.items()},
            raw=request._request.body,
            # The other side signs by the real time, whatever our business clock says.
            received_at=datetime.now(UTC),
            now=clock.now(),
        )
        if new:
            tasks.ask_for_poll(channel.pk)
        return Response({"taken": new})


def _status(channel: Channel) -> dict[str, Any]:
    statuses = channel_statuses(now=clock.now(), ids=[channel.pk])
    # A channel that nothing is pushed to has no backlog and shows nothing that could drift.
    data = ChannelStatusSerializer(statuses[0]).data if statuses else {"code": channel.code, "stage": channel.stage}
    return {**_NOTHING, **data}


_NOTHING = {"backlog": 0, "oldest_undelivered_seconds": 0.0, "dead": 0, "last_error": "", "drift": 0}

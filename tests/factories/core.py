"""Locations, channels, staff and keys."""

import factory
from django.contrib.auth.models import User

from omni.core import clock
from omni.core.keys import issue_channel_key
from omni.core.models import Channel, Location


class LocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Location
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"store-{n}")
    name = factory.LazyAttribute(lambda location: location.code.title())
    kind = Location.Kind.STORE
    opening_hours = factory.LazyFunction(
        lambda: {day: ["08:00", "21:30"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    )
    can_pick_up = True
    can_curbside = True
    can_ship = True


class ChannelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Channel
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"web-{n}")
    name = factory.LazyAttribute(lambda channel: channel.code.title())
    kind = Channel.Kind.WEB
    can_sell = True
    can_show = True


class StaffFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = factory.Sequence(lambda n: f"clerk{n}")
    is_staff = True


def bearer(channel: Channel, **fields) -> dict[str, str]:
    """Headers of a new key of a channel: `client.get(url, headers=bearer(web))`."""
    key = issue_channel_key(channel=channel, now=clock.now(), **fields)
    return {"Authorization": f"Bearer {key}"}

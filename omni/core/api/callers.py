"""Who calls: one value that views and use cases can ask, whatever the way of signing in."""

from dataclasses import dataclass, field
from typing import Literal

from django.contrib.auth.models import User

from omni.core.models import Channel, Location, StaffPlace


@dataclass(frozen=True, slots=True)
class Caller:
    """A channel key, a customer or a colleague.

    `channel` is the channel that the call comes through; a colleague's own is None unless a request names one.
    `location` is a till's. `source_record` is the record that a customer's token speaks for. `places` are the
    ids of the locations a colleague may act for, None for all.
    """

    kind: Literal["key", "customer", "staff"]
    id: str
    channel: Channel | None = None
    location: Location | None = None
    rights: frozenset[str] = field(default_factory=frozenset)
    source_record: int | None = None
    user: User | None = None
    places: frozenset[int] | None = None

    # DRF asks a request's user for this.
    is_authenticated = True

    @property
    def is_key(self) -> bool:
        return self.kind == "key"

    @property
    def is_customer(self) -> bool:
        return self.kind == "customer"

    @property
    def is_staff(self) -> bool:
        return self.kind == "staff"

    def has_right(self, right: str) -> bool:
        """A key's listed right, or a colleague's Django permission (`orders.view_order`)."""
        if self.user is not None:
            return self.user.has_perm(right)
        return right in self.rights

    def may_act_at(self, location_id: int | None) -> bool:
        """Whether this caller may act for a location: a till for its own, a colleague for their stores."""
        if self.is_staff:
            return self.places is None or location_id in self.places
        if self.location is not None:
            return location_id == self.location.pk
        return self.is_key

    @property
    def name(self) -> str:
        """For events and audit trails: no personal data of a customer."""
        if self.user is not None:
            return f"staff:{self.user.get_username()}"
        if self.is_customer:
            return f"customer:{self.source_record}"
        return f"key:{self.channel.code if self.channel else self.id}"


def caller_of_user(user: User) -> Caller:
    """The caller that a colleague is; superusers and roles without places act everywhere."""
    places = (
        None
        if user.is_superuser
        else frozenset(StaffPlace.objects.filter(user=user).values_list("location_id", flat=True))
    )
    return Caller(kind="staff", id=f"staff:{user.pk}", user=user, places=places or None)

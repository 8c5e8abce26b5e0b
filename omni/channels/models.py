"""What is on its way to a channel, what it calls our things, and what it shows instead of what we say."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from omni.core.models import Channel


class Delivery(models.Model):
    """A change on its way to one channel.

    For states (topic `offer`, key the SKU) there is one row a channel and key, and the latest version wins:
    `wanted` rises with each change, `delivered` only follows. For single messages (topic `notice`) the key is
    the outbox message's id, `wanted` is 1.
    """

    class State(models.TextChoices):
        DUE = "due", _("Due")
        DONE = "done", _("Delivered")
        DEAD = "dead", _("Given up")

    channel = models.ForeignKey(
        Channel, models.CASCADE, related_name="deliveries", db_index=False, verbose_name=_("channel")
    )
    topic = models.CharField(_("topic"), max_length=40)
    key = models.CharField(_("key"), max_length=200)
    wanted = models.BigIntegerField(_("version to show"))
    delivered = models.BigIntegerField(_("version shown"), default=0)
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.DUE)
    # What matters most goes first: 0 sold out, 1 price rises, 2 the rest.
    urgency = models.PositiveSmallIntegerField(_("urgency"), default=2)
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    due_at = models.DateTimeField(_("due"))
    # Since when the channel shows something old; null once it is up to date.
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    # Who is pushing it now, and until when nobody else may.
    leased_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    leased_by = models.CharField(_("claimed by"), max_length=32, blank=True, default="")
    # The channel shows something else under this very version: write over it, though it is not newer.
    overwrite = models.BooleanField(_("write over"), default=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "topic", "key"], name="delivery_once"),
            models.CheckConstraint(name="delivered_within_wanted", condition=Q(delivered__lte=F("wanted"))),
        ]
        indexes = [
            models.Index(fields=["channel", "urgency", "due_at", "id"], name="delivery_due", condition=Q(state="due")),
            models.Index(fields=["channel", "-id"], name="delivery_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.topic} {self.key}"


class ExternalId(models.Model):
    """What a channel calls one of our things."""

    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, verbose_name=_("channel"))
    kind = models.CharField(_("kind"), max_length=40)
    ours = models.CharField(_("ours"), max_length=200)
    theirs = models.CharField(_("theirs"), max_length=200)

    class Meta:
        verbose_name = _("external id")
        verbose_name_plural = _("external ids")
        constraints = [
            models.UniqueConstraint(fields=["channel", "kind", "ours"], name="external_id_of_ours"),
            models.UniqueConstraint(fields=["channel", "kind", "theirs"], name="external_id_of_theirs"),
        ]

    def __str__(self) -> str:
        return f"{self.ours} = {self.theirs}"


class InboundEvent(models.Model):
    """An event id that a channel sent us, taken once."""

    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, verbose_name=_("channel"))
    event_id = models.CharField(_("event"), max_length=200)
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("inbound event")
        verbose_name_plural = _("inbound events")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["channel", "event_id"], name="inbound_event_once")]

    def __str__(self) -> str:
        return self.event_id


class InboundOrder(models.Model):
    """An order of a channel that could not be written down yet, and why; tried again until it is.

    Holds the channel's number for it and nothing of what is in it, which is read again from the channel.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False, verbose_name=_("channel"))
    external_id = models.CharField(_("number in the channel"), max_length=200)
    found_at = models.DateTimeField(_("found"))
    retry_at = models.DateTimeField(_("not before"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)

    class Meta:
        verbose_name = _("inbound order")
        verbose_name_plural = _("inbound orders")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["channel", "external_id"], name="inbound_order_once")]
        indexes = [models.Index(fields=["retry_at"], name="inbound_order_waiting", condition=Q(taken_at=None))]

    def __str__(self) -> str:
        return self.external_id


class Drift(models.Model):
    """A channel shows something else than we say; open until it shows ours again."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="drifts", verbose_name=_("channel"))
    key = models.CharField(_("SKU"), max_length=200)
    field = models.CharField(_("field"), max_length=40)
    ours = models.CharField(_("ours"), max_length=200)
    theirs = models.CharField(_("theirs"), max_length=200)
    found_at = models.DateTimeField(_("found"))
    # How often it was pushed again without holding; a person looks where this grows.
    tries = models.PositiveSmallIntegerField(_("healing tries"), default=0)
    healed_at = models.DateTimeField(_("healed"), null=True, blank=True)

    class Meta:
        verbose_name = _("drift")
        verbose_name_plural = _("drift")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "key", "field"], name="drift_open_once", condition=Q(healed_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}.{self.field}: {self.theirs} != {self.ours}"


class ChannelHealth(models.Model):
    """How pushing to a channel goes: its breaker and what it said last."""

    channel = models.OneToOneField(
        Channel, models.CASCADE, primary_key=True, related_name="health", verbose_name=_("channel")
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    open_until = models.DateTimeField(_("not tried until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("read back at"), null=True, blank=True)
    # The one pusher of the channel, and until when nobody else pushes.
    pushing_until = models.DateTimeField(_("being pushed until"), null=True, blank=True)
    pushing_by = models.CharField(_("being pushed by"), max_length=32, blank=True, default="")
    # When the channel was given the whole catalog for the first time.
    seeded_at = models.DateTimeField(_("given the catalog"), null=True, blank=True)
    # How far the sampling read-back has come, by SKU; it begins again at the end.
    verify_after = models.CharField(max_length=200, blank=True, default="", editable=False)
    # The latest change among the orders pulled, by the channel's own clock, and when to pull again by ours.
    orders_until = models.DateTimeField(_("orders read until"), null=True, blank=True)
    orders_due_at = models.DateTimeField(_("orders read next"), null=True, blank=True)
    # The stage to go back to when a pause ends.
    stage_before = models.CharField(
        _("stage before the pause"), max_length=10, choices=Channel.Stage, blank=True, default=""
    )

    class Meta:
        verbose_name = _("channel health")
        verbose_name_plural = _("channel health")

    def __str__(self) -> str:
        return str(self.channel_id)

"""The channels page, and whatever is on its way, given up, or shown wrongly."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from omni.channels import drift, managing, models
from omni.core import clock
from omni.core.admin import ReadMostlyAdmin
from omni.core.errors import DomainError
from omni.core.http import TransportError


class ActingAdmin(ReadMostlyAdmin):
    """Rows are not typed in; those who may change deliveries may have the channels do something."""

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("channels.change_delivery")


@admin.register(models.ChannelHealth)
class ChannelHealthAdmin(ActingAdmin):
    """The channels page: how far behind each is, what it said last, and what it shows that is not so."""

    list_display = [
        "channel",
        "stage",
        "backlog",
        "oldest",
        "dead",
        "drift",
        "failures",
        "last_error",
        "last_success_at",
        "checked_at",
    ]
    list_filter = ["channel__stage", "channel__kind"]
    list_select_related = ["channel"]
    search_fields = ["channel__code", "channel__name"]
    ordering = ["channel_id"]
    actions = ["pause", "resume", "resync", "replay", "verify"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.ChannelHealth]:
        waiting = models.Delivery.objects.filter(channel=OuterRef("pk"), state="due").order_by().values("channel")
        dead = models.Delivery.objects.filter(channel=OuterRef("pk"), state="dead").order_by().values("channel")
        drifts = models.Drift.objects.filter(channel=OuterRef("pk"), healed_at=None).order_by().values("channel")
        rows: QuerySet[models.ChannelHealth] = super().get_queryset(request)
        return rows.exclude(channel__adapter="").annotate(
            n_due=Coalesce(Subquery(waiting.annotate(n=Count("pk")).values("n")), 0),
            oldest_at=Subquery(waiting.annotate(at=Min("waiting_since")).values("at")),
            n_dead=Coalesce(Subquery(dead.annotate(n=Count("pk")).values("n")), 0),
            n_drift=Coalesce(Subquery(drifts.annotate(n=Count("pk")).values("n")), 0),
        )

    @admin.display(description=_("stage"), ordering="channel__stage")
    def stage(self, row: models.ChannelHealth) -> str:
        return row.channel.get_stage_display()

    @admin.display(description=_("waiting"), ordering="n_due")
    def backlog(self, row: Any) -> int:
        return int(row.n_due)

    @admin.display(description=_("oldest"), ordering="oldest_at")
    def oldest(self, row: Any) -> str:
        return timesince(row.oldest_at, clock.now()) if row.oldest_at else "–"

    @admin.display(description=_("given up"), ordering="n_dead")
    def dead(self, row: Any) -> int:
        return int(row.n_dead)

    @admin.display(description=_("drift"), ordering="n_drift")
    def drift(self, row: Any) -> int:
        return int(row.n_drift)

    @admin.action(description=_("Pause: hold every push"), permissions=["act"])
    def pause(self, request: HttpRequest, rows: QuerySet[models.ChannelHealth]) -> None:
        for row in rows:
            managing.pause_channel(channel=row.channel, by=_who(request), now=clock.now())
        self.message_user(request, gettext("Paused. What changes meanwhile waits."))

    @admin.action(description=_("Resume, and try at once"), permissions=["act"])
    def resume(self, request: HttpRequest, rows: QuerySet[models.ChannelHealth]) -> None:
        for row in rows:
            managing.resume_channel(channel=row.channel, by=_who(request), now=clock.now())
        self.message_user(request, gettext("Resumed."))

    @admin.action(description=_("Push every offer again"), permissions=["act"])
    def resync(self, request: HttpRequest, rows: QuerySet[models.ChannelHealth]) -> None:
        for row in rows:
            try:
                count = managing.resync_channel(channel=row.channel, now=clock.now())
            except DomainError as refused:
                self.message_user(request, f"{row.channel}: {refused.message}", messages.ERROR)
            else:
                told = ngettext("%(count)d offer is pushed again.", "%(count)d offers are pushed again.", count)
                self.message_user(request, f"{row.channel}: {told % {'count': count}}")

    @admin.action(description=_("Try again what was given up"), permissions=["act"])
    def replay(self, request: HttpRequest, rows: QuerySet[models.ChannelHealth]) -> None:
        for row in rows:
            count = managing.replay_all_dead(channel=row.channel, now=clock.now())
            self.message_user(request, f"{row.channel}: {_again(count)}")

    @admin.action(description=_("Read back and compare"), permissions=["act"])
    def verify(self, request: HttpRequest, rows: QuerySet[models.ChannelHealth]) -> None:
        for row in rows:
            try:
                found = drift.verify(row.channel, clock.now())
            except TransportError as error:
                self.message_user(request, f"{row.channel}: {error.reason}", messages.ERROR)
                continue
            told = gettext("%(checked)d compared, %(opened)d differ, %(healed)d are right again, %(open)d open.")
            counts = {name: getattr(found, name) for name in ("checked", "opened", "healed", "open")}
            self.message_user(request, f"{row.channel}: {told % counts}")


@admin.register(models.Delivery)
class DeliveryAdmin(ActingAdmin):
    list_display = [
        "channel",
        "topic",
        "key",
        "state",
        "wanted",
        "delivered",
        "urgency",
        "waiting_since",
        "attempts",
        "last_error",
        "delivered_at",
    ]
    list_filter = ["state", "topic", "channel"]
    list_select_related = ["channel"]
    search_fields = ["=key"]
    exclude = ["leased_by"]
    actions = ["replay"]

    @admin.action(description=_("Try again what was given up"), permissions=["act"])
    def replay(self, request: HttpRequest, rows: QuerySet[models.Delivery]) -> None:
        count = managing.replay_dead(deliveries=list(rows.values_list("pk", flat=True)), now=clock.now())
        self.message_user(request, _again(count))


@admin.register(models.Drift)
class DriftAdmin(ReadMostlyAdmin):
    list_display = ["channel", "key", "field", "ours", "theirs", "found_at", "tries", "healed_at"]
    list_filter = [("healed_at", admin.EmptyFieldListFilter), "field", "channel"]
    list_select_related = ["channel"]
    search_fields = ["=key"]


@admin.register(models.InboundOrder)
class InboundOrderAdmin(ReadMostlyAdmin):
    list_display = ["channel", "external_id", "found_at", "attempts", "retry_at", "last_error", "taken_at"]
    list_filter = [("taken_at", admin.EmptyFieldListFilter), "channel"]
    list_select_related = ["channel"]
    search_fields = ["=external_id"]


@admin.register(models.InboundEvent)
class InboundEventAdmin(ReadMostlyAdmin):
    list_display = ["channel", "event_id", "received_at"]
    list_filter = ["channel"]
    list_select_related = ["channel"]
    search_fields = ["=event_id"]


@admin.register(models.ExternalId)
class ExternalIdAdmin(ReadMostlyAdmin):
    list_display = ["channel", "kind", "ours", "theirs"]
    list_filter = ["channel", "kind"]
    list_select_related = ["channel"]
    search_fields = ["=ours", "=theirs"]
    ordering = ["-id"]


def _again(count: int) -> str:
    return ngettext("%(count)d delivery is tried again.", "%(count)d deliveries are tried again.", count) % {
        "count": count
    }


def _who(request: HttpRequest) -> str:
    return f"staff:{request.user.get_username()}"

"""The admin of the floor's own models: places, channels, keys, the outbox and what keeps repeats harmless."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from omni.core import models
from omni.core.admin.base import ReadMostlyAdmin, SettingsAdmin


@admin.register(models.Location)
class LocationAdmin(SettingsAdmin):
    list_display = ["code", "name", "kind", "province", "can_pick_up", "can_ship", "active"]
    list_filter = ["kind", "active", "can_pick_up", "can_ship"]
    search_fields = ["code", "name", "address"]


@admin.register(models.Channel)
class ChannelAdmin(SettingsAdmin):
    list_display = ["code", "name", "kind", "stage", "adapter", "can_sell", "can_show", "can_message"]
    list_filter = ["kind", "stage"]
    search_fields = ["code", "name"]


@admin.register(models.Token)
class TokenAdmin(ReadMostlyAdmin):
    list_display = ["label", "kind", "channel", "location", "user", "created_at", "expires_at", "ended_at"]
    list_filter = ["kind", "channel"]
    list_select_related = ["channel", "location", "user"]
    search_fields = ["label"]
    exclude = ["fingerprint"]


@admin.register(models.StaffPlace)
class StaffPlaceAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["user", "location"]
    list_filter = ["location"]
    list_select_related = ["user", "location"]
    autocomplete_fields = ["user", "location"]


@admin.register(models.OutboxMessage)
class OutboxMessageAdmin(ReadMostlyAdmin):
    list_display = ["id", "kind", "key", "version", "created_at", "relayed_at", "attempts", "last_error"]
    # No filter by kind: its choices would be read from all messages there ever were.
    list_filter = [("relayed_at", admin.EmptyFieldListFilter)]
    search_fields = ["=key", "=kind"]


@admin.register(models.Hearing)
class HearingAdmin(ReadMostlyAdmin):
    list_display = ["message", "hearer", "heard_at"]
    list_select_related = ["message"]


@admin.register(models.KeptAnswer)
class KeptAnswerAdmin(ReadMostlyAdmin):
    list_display = ["id", "caller", "method", "path", "status", "created_at"]
    search_fields = ["key", "path"]


@admin.register(models.RateCounter)
class RateCounterAdmin(ReadMostlyAdmin):
    list_display = ["bucket", "window", "hits"]
    search_fields = ["bucket"]


@admin.register(models.ShopClock)
class ShopClockAdmin(ReadMostlyAdmin):
    list_display = ["id", "ahead"]

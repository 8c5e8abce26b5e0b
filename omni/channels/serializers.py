"""What the API of this room takes and tells."""

from typing import Any

from rest_framework import serializers


class ChannelStatusSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    stage = serializers.CharField()
    adapter = serializers.CharField(required=False)
    backlog = serializers.IntegerField(help_text="Deliveries that wait.")
    oldest_undelivered_seconds = serializers.FloatField(help_text="How long the oldest of them waits.")
    dead = serializers.IntegerField(help_text="Deliveries that were given up, with a reason.")
    last_error = serializers.CharField(allow_blank=True)
    last_error_at = serializers.DateTimeField(required=False, allow_null=True)
    last_success_at = serializers.DateTimeField(required=False, allow_null=True)
    not_tried_until = serializers.DateTimeField(required=False, allow_null=True)
    checked_at = serializers.DateTimeField(required=False, allow_null=True)
    drift = serializers.IntegerField(help_text="Differences between what it shows and what we say, open now.")
    drift_stubborn = serializers.IntegerField(required=False, help_text="Those that healing did not hold for.")
    orders_waiting = serializers.IntegerField(required=False, help_text="Orders that could not be written down yet.")


class ResyncedSerializer(ChannelStatusSerializer):
    offers = serializers.IntegerField(help_text="How many offers are pushed again.")


class VerifySerializer(serializers.Serializer[Any]):
    skus = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=500)


class VerifiedSerializer(serializers.Serializer[Any]):
    checked = serializers.IntegerField()
    opened = serializers.IntegerField()
    healed = serializers.IntegerField()
    open = serializers.IntegerField()


class ShownSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    price = serializers.IntegerField(allow_null=True)
    promotion_price = serializers.IntegerField(allow_null=True)
    atp = serializers.IntegerField(allow_null=True)
    sellable = serializers.BooleanField(allow_null=True)


class ShownListSerializer(serializers.Serializer[Any]):
    results = ShownSerializer(many=True)

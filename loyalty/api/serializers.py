"""What the room's API takes and answers."""

from rest_framework import serializers


class RedemptionIn(serializers.Serializer[object]):
    """`reward` or `points`."""

    reward = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    points = serializers.IntegerField(required=False, allow_null=True, default=None)
    order = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class AdjustmentIn(serializers.Serializer[object]):
    points = serializers.IntegerField(min_value=-(10**12), max_value=10**12)
    reason = serializers.CharField(max_length=300)


class GiftCardIn(serializers.Serializer[object]):
    """`amount` in minor units; `payment` says how it was paid."""

    amount = serializers.IntegerField(max_value=10**15)
    currency = serializers.CharField(max_length=3, required=False)
    payment = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class GiftCardNumberIn(serializers.Serializer[object]):
    number = serializers.CharField(max_length=40)


class ProgrammeOut(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    point_value = serializers.IntegerField()


class TierOut(serializers.Serializer[object]):
    """`to_go`: minor units to spend this year until `next`; `code` and `name` are null below the lowest tier."""

    code = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    next = serializers.CharField(allow_null=True)
    to_go = serializers.IntegerField(allow_null=True)


class LotOut(serializers.Serializer[object]):
    points = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True)


class LoyaltyOut(serializers.Serializer[object]):
    customer = serializers.CharField()
    available = serializers.IntegerField()
    pending = serializers.IntegerField()
    held = serializers.IntegerField()
    tier = TierOut(allow_null=True)
    lots = LotOut(many=True)
    programme = ProgrammeOut(allow_null=True)


class EntryOut(serializers.Serializer[object]):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    words = serializers.CharField()
    order = serializers.CharField(allow_null=True)
    points = serializers.IntegerField()
    pending = serializers.IntegerField()
    held = serializers.IntegerField()
    before = serializers.IntegerField()
    after = serializers.IntegerField()


class EntriesOut(serializers.Serializer[object]):
    results = EntryOut(many=True)
    next = serializers.CharField(allow_null=True)


class RedemptionOut(serializers.Serializer[object]):
    points = serializers.IntegerField()
    reward = serializers.CharField(allow_null=True)
    order = serializers.CharField(allow_null=True)
    available = serializers.IntegerField()


class AdjustmentOut(serializers.Serializer[object]):
    id = serializers.CharField()
    points = serializers.IntegerField()
    state = serializers.CharField()
    available = serializers.IntegerField()


class GiftCardOut(serializers.Serializer[object]):
    id = serializers.CharField()
    last4 = serializers.CharField()
    balance = serializers.IntegerField()
    currency = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)


class GiftCardNumberOut(serializers.Serializer[object]):
    number = serializers.CharField()


class GiftCardBalanceOut(serializers.Serializer[object]):
    last4 = serializers.CharField()
    balance = serializers.IntegerField()
    currency = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)

"""What the catalog's answers and requests hold, for checking and for the schema."""

from rest_framework import serializers


class PromotionShownShape(serializers.Serializer[None]):
    code = serializers.CharField()
    amount = serializers.IntegerField(help_text="What one unit costs with it, minor units.")
    name = serializers.CharField()


class PriceShownShape(serializers.Serializer[None]):
    amount = serializers.IntegerField(help_text="Minor units.")
    compare_at = serializers.IntegerField(allow_null=True)
    promotion = PromotionShownShape(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True, help_text="When the price may next be another.")


class AvailabilityShape(serializers.Serializer[None]):
    location = serializers.CharField()
    atp = serializers.IntegerField(help_text="Units that can be promised.")
    status = serializers.ChoiceField(["in_stock", "low", "out"])


class ProductShownShape(serializers.Serializer[None]):
    handle = serializers.CharField()
    name = serializers.CharField()
    brand = serializers.CharField()
    category = serializers.CharField()
    description = serializers.CharField()
    images = serializers.ListField(child=serializers.DictField())


class VariantShape(serializers.Serializer[None]):
    sku = serializers.CharField()
    gtin = serializers.CharField(allow_null=True)
    product = ProductShownShape()
    name = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    weight_grams = serializers.IntegerField()
    currency = serializers.CharField()
    price = PriceShownShape(allow_null=True)
    tax_included = serializers.BooleanField()
    sellable = serializers.BooleanField()
    atp = serializers.IntegerField(help_text="Over all locations.")
    availability = AvailabilityShape(many=True)
    version = serializers.CharField()
    updated_at = serializers.DateTimeField()


class VariantsShape(serializers.Serializer[None]):
    results = VariantShape(many=True)
    next = serializers.CharField(allow_null=True)


class LocationShape(serializers.Serializer[None]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    address = serializers.CharField()
    province = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    time_zone = serializers.CharField()
    opening_hours = serializers.DictField()
    abilities = serializers.ListField(child=serializers.CharField())
    distance_km = serializers.FloatField(allow_null=True)
    atp = serializers.IntegerField(allow_null=True, help_text="Of the SKU that was asked for, live.")
    status = serializers.CharField(allow_null=True)


class LocationsShape(serializers.Serializer[None]):
    results = LocationShape(many=True)
    next = serializers.CharField(allow_null=True)


class WordsShape(serializers.Serializer[None]):
    vi = serializers.CharField()
    en = serializers.CharField()


class PromotionShape(serializers.Serializer[None]):
    code = serializers.CharField()
    kind = serializers.CharField()
    name = WordsShape()
    gives = WordsShape()
    conditions = serializers.DictField()
    combinable = serializers.BooleanField()
    needs_coupon = serializers.BooleanField()
    currency = serializers.CharField()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)


class PromotionsShape(serializers.Serializer[None]):
    results = PromotionShape(many=True)
    next = serializers.CharField(allow_null=True)


class NewPriceShape(serializers.Serializer[None]):
    """A price to set: minor units of `currency`, the shop's own unless told."""

    amount = serializers.IntegerField(min_value=0, max_value=2**53)
    currency = serializers.CharField(min_length=3, max_length=3, required=False)
    compare_at = serializers.IntegerField(min_value=0, max_value=2**53, required=False, allow_null=True)
    floor = serializers.IntegerField(min_value=0, max_value=2**53, required=False, allow_null=True)
    valid_from = serializers.DateTimeField(required=False, allow_null=True)
    valid_until = serializers.DateTimeField(required=False, allow_null=True)
    reason = serializers.CharField(max_length=200)


class SetPriceShape(serializers.Serializer[None]):
    id = serializers.CharField()
    sku = serializers.CharField()
    currency = serializers.CharField()
    amount = serializers.IntegerField()
    compare_at = serializers.IntegerField(allow_null=True)
    floor = serializers.IntegerField()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    changed_by = serializers.CharField()

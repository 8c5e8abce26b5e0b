"""What callers send, checked for shape; what can be wrong about the business is the use cases' to say."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.models import Fulfilment, Method, ReturnLine, Tender


@extend_schema_field(OpenApiTypes.INT)
class Whole(serializers.Field[Any, Any, Any, Any]):
    """A quantity as it came: whether it is a whole number above 0 is answered with 422 by the use case."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.INT)
class CustomerKey(serializers.Field[Any, Any, Any, Any]):
    """A customer's id, which we tell as text."""

    def to_internal_value(self, data: Any) -> int:
        told = str(data) if isinstance(data, str) or type(data) is int else ""
        if not (told.isascii() and told.isdigit()) or len(told) > 18:
            raise serializers.ValidationError(_("This is not the id of a customer."), code="invalid")
        return int(told)

    def to_representation(self, value: Any) -> str:
        return str(value)


class LineIn(serializers.Serializer[Any]):
    sku = serializers.CharField(max_length=100)
    quantity = Whole()


class AddressIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    line1 = serializers.CharField(max_length=300, required=False, allow_blank=True)
    line2 = serializers.CharField(max_length=300, required=False, allow_blank=True)
    ward = serializers.CharField(max_length=100, required=False, allow_blank=True)
    district = serializers.CharField(max_length=100, required=False, allow_blank=True)
    province = serializers.CharField(max_length=100, required=False, allow_blank=True)
    postcode = serializers.CharField(max_length=20, required=False, allow_blank=True)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    text = serializers.CharField(max_length=400, required=False, allow_blank=True)


@extend_schema_field(AddressIn)
class AddressField(serializers.Field[Any, Any, Any, Any]):
    """An address in parts, or as one text."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, str):
            return {"text": data[:400]} if data.strip() else {}
        checked = AddressIn(data=data)
        checked.is_valid(raise_exception=True)
        return {key: value for key, value in checked.validated_data.items() if value}

    def to_representation(self, value: Any) -> Any:
        return value


class FulfilmentIn(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=Method.choices, required=False)
    location = serializers.CharField(max_length=40, required=False, allow_null=True, allow_blank=True)
    address = AddressField(required=False, allow_null=True)
    slot = serializers.DateTimeField(required=False, allow_null=True)


class ContactIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)


class CouponIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=60)


class QuoteIn(serializers.Serializer[Any]):
    customer = CustomerKey(required=False, allow_null=True)
    lines = LineIn(many=True)
    coupons = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=20)
    fulfilment = FulfilmentIn(required=False, allow_null=True)
    points_to_spend = serializers.IntegerField(min_value=0, max_value=10**9, required=False)


class CartIn(serializers.Serializer[Any]):
    customer = CustomerKey(required=False, allow_null=True)
    lines = LineIn(many=True, required=False)
    contact = ContactIn(required=False)


class CartLineIn(serializers.Serializer[Any]):
    quantity = Whole()


class CartCustomerIn(serializers.Serializer[Any]):
    customer = CustomerKey()


class CartFulfilmentIn(FulfilmentIn):
    contact = ContactIn(required=False)


class ResumeIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40)


class PaymentIn(serializers.Serializer[Any]):
    tender = serializers.ChoiceField(choices=Tender.choices)
    amount = serializers.IntegerField(max_value=10**15)
    reference = serializers.CharField(max_length=200, required=False, allow_blank=True)
    tendered = serializers.IntegerField(required=False, allow_null=True, max_value=10**15)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Never a card number anywhere."""
        digits = "".join(letter for letter in data.get("reference", "") if letter.isdigit())
        if data.get("tender") == Tender.CARD and 13 <= len(digits) <= 19 and _luhn(digits):
            told = {"reference": _("Send the terminal's reference, never a card number.")}
            raise serializers.ValidationError(told, code="card_number")
        return data


class OrderIn(serializers.Serializer[Any]):
    cart = serializers.UUIDField(required=False, allow_null=True)
    customer = CustomerKey(required=False, allow_null=True)
    contact = ContactIn(required=False)
    lines = LineIn(many=True, required=False)
    coupons = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=20)
    quote = serializers.UUIDField(required=False, allow_null=True)
    expected_total = serializers.IntegerField(required=False, allow_null=True)
    fulfilment = FulfilmentIn(required=False)
    payments = PaymentIn(many=True, required=False)
    points_to_spend = serializers.IntegerField(min_value=0, max_value=10**9, required=False)
    external_id = serializers.CharField(max_length=200, required=False, allow_null=True)
    sold_by = serializers.CharField(max_length=100, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.get("lines") is None and not data.get("cart") and not data.get("quote"):
            raise serializers.ValidationError({"lines": _("Send lines, a cart or a quote.")}, code="required")
        return data


class ToldLineIn(serializers.Serializer[Any]):
    sku = serializers.CharField(max_length=100)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)
    unit_price = serializers.IntegerField(min_value=0, max_value=10**12)
    name = serializers.CharField(max_length=300, required=False, allow_blank=True)
    discount = serializers.IntegerField(min_value=0, required=False)
    tax = serializers.IntegerField(min_value=0, required=False)


class ToldChargeIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=60)
    amount = serializers.IntegerField()


class ToldPaymentIn(serializers.Serializer[Any]):
    tender = serializers.CharField(max_length=20)
    amount = serializers.IntegerField()
    reference = serializers.CharField(max_length=200, required=False, allow_blank=True)
    captured = serializers.BooleanField(required=False, default=True)


class ChannelOrderIn(serializers.Serializer[Any]):
    external_id = serializers.CharField(max_length=200)
    lines = ToldLineIn(many=True, allow_empty=False)
    total = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    charges = ToldChargeIn(many=True, required=False)
    payments = ToldPaymentIn(many=True, required=False)
    customer = CustomerKey(required=False, allow_null=True)
    contact = ContactIn(required=False)
    coupons = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    fulfilment = FulfilmentIn(required=False)
    handed_over = serializers.BooleanField(required=False, default=False)
    placed_at = serializers.DateTimeField(required=False, allow_null=True)
    tax_included = serializers.BooleanField(required=False, default=True)
    sold_by = serializers.CharField(max_length=100, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class PaymentsIn(PaymentIn):
    """One payment; or several under `payments`."""

    tender = serializers.ChoiceField(choices=Tender.choices, required=False)
    amount = serializers.IntegerField(max_value=10**15, required=False)
    payments = PaymentIn(many=True, required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not data.get("payments") and ("tender" not in data or "amount" not in data):
            raise serializers.ValidationError({"tender": _("Send a tender and an amount.")}, code="required")
        return super().validate(data)


class CancelIn(serializers.Serializer[Any]):
    lines = serializers.ListField(child=LineIn(), required=False, allow_null=True)
    reason = serializers.CharField(max_length=200)


class EditIn(serializers.Serializer[Any]):
    lines = LineIn(many=True, allow_empty=False)


class ReturnLineIn(LineIn):
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)
    condition = serializers.ChoiceField(choices=ReturnLine.Condition.choices, required=False, default="sellable")


class ReturnIn(serializers.Serializer[Any]):
    location = serializers.CharField(max_length=40, required=False, allow_null=True)
    lines = ReturnLineIn(many=True, allow_empty=False)
    refund_to = serializers.ChoiceField(choices=["original", "store_credit", "exchange"], required=False)
    exchange_lines = LineIn(many=True, required=False)


class PickIn(serializers.Serializer[Any]):
    lines = serializers.ListField(child=LineIn(), required=False, allow_null=True)


class ReadyIn(serializers.Serializer[Any]):
    slot = serializers.DateTimeField(required=False, allow_null=True)


class ShipIn(serializers.Serializer[Any]):
    carrier = serializers.CharField(max_length=100)
    tracking = serializers.CharField(max_length=100, required=False, allow_blank=True)


class FailIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class RejectIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=40)
    lines = serializers.ListField(child=LineIn(), required=False, allow_null=True)


class SubstituteIn(serializers.Serializer[Any]):
    sku = serializers.CharField(max_length=100)
    quantity = Whole()

    def get_fields(self) -> dict[str, Any]:
        # `with` is a word of the language, so it cannot be written as the others are.
        return {**super().get_fields(), "with": serializers.CharField(max_length=100)}


class ExtendIn(serializers.Serializer[Any]):
    until = serializers.DateTimeField()


class CollectIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40, required=False, allow_blank=True)
    signed_qr = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    collected_by = serializers.CharField(max_length=200, required=False, allow_blank=True)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not data.get("code") and not data.get("signed_qr"):
            raise serializers.ValidationError({"code": _("Send a code or a signed_qr.")}, code="required")
        return data


class ArrivedIn(serializers.Serializer[Any]):
    bay = serializers.CharField(max_length=40, required=False, allow_blank=True)


class EmptyIn(serializers.Serializer[Any]):
    """Nothing is needed."""


STATUSES = [status for status, _label in Fulfilment.Status.choices]


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0

"""Quotes, carts, orders and what becomes of them. Amounts are minor units of the row's currency."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from customers.models import Customer, SourceRecord
from omni.core.models import Channel, ImportRun, Location


class Tender(models.TextChoices):
    CASH = "cash", _("Cash")
    CARD = "card", _("Card")
    TRANSFER = "transfer", _("Bank transfer")
    WALLET = "wallet", _("Wallet")
    COD = "cod", _("Cash on delivery")
    GIFT_CARD = "gift_card", _("Gift card")
    STORE_CREDIT = "store_credit", _("Store credit")
    POINTS = "points", _("Points")


class Method(models.TextChoices):
    CARRY_OUT = "carry_out", _("Carried out")
    BOPIS = "bopis", _("Buy online, pick up in store")
    CLICK_AND_COLLECT = "click_and_collect", _("Click and collect")
    CURBSIDE = "curbside", _("Curbside")
    SHIP_FROM_STORE = "ship_from_store", _("Ship from store")
    DELIVERY = "delivery", _("Delivery")


class Quote(models.Model):
    """What a basket costs, with its explanation, honoured on every channel until `valid_until`.

    `basket` is what was asked (lines, coupons, fulfilment, points), `buyer` what was known of who asked, and
    `result` the whole answer. A quote is never changed; another basket is another quote.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.ForeignKey(Channel, models.PROTECT, verbose_name=_("channel"))
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True, verbose_name=_("customer"))
    currency = models.CharField(_("currency"), max_length=3)
    basket = models.JSONField(_("basket"))
    buyer = models.JSONField(_("buyer"), default=dict)
    result = models.JSONField(_("result"))
    total = models.BigIntegerField(_("total"))
    created_at = models.DateTimeField(_("created"))
    valid_until = models.DateTimeField(_("valid until"))

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(name="quote_total_not_negative", condition=Q(total__gte=0))]

    def __str__(self) -> str:
        return str(self.pk)


class Cart(models.Model):
    """A basket that may start on one channel and end on another; hangs on a source record once known."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ORDERED = "ordered", _("Ordered")
        MERGED = "merged", _("Merged into another cart")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="carts_begun", verbose_name=_("begun on"))
    last_channel = models.ForeignKey(Channel, models.PROTECT, related_name="carts_last", verbose_name=_("last on"))
    source_record = models.ForeignKey(
        SourceRecord, models.SET_NULL, null=True, blank=True, related_name="carts", verbose_name=_("source record")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    # Where its lines went; whoever still knows this cart's id is led there.
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, verbose_name=_("merged into"))
    # Who a guest is, as far as told: name, phone, email.
    contact = models.JSONField(_("contact"), default=dict, blank=True)
    fulfilment = models.JSONField(_("fulfilment"), default=dict, blank=True)
    coupons = models.JSONField(_("coupons"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["source_record"], name="one_open_cart", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def survivor(self) -> "Cart":
        """The cart itself, or the one that it was merged into, however often."""
        return self if self.merged_into is None else self.merged_into.survivor()


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines", db_index=False, verbose_name=_("cart"))
    variant = models.ForeignKey(Variant, models.PROTECT, verbose_name=_("variant"))
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once"),
            models.CheckConstraint(name="cart_line_holds_something", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} x {self.quantity}"


class Handoff(models.Model):
    """A code that hands a cart over to another channel, once."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="handoffs", verbose_name=_("cart"))
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    used_by = models.ForeignKey(Channel, models.PROTECT, null=True, blank=True, verbose_name=_("used by"))

    class Meta:
        verbose_name = _("cart hand-over")
        verbose_name_plural = _("cart hand-overs")

    def __str__(self) -> str:
        return f"{self.cart_id} -> {self.used_by_id or '?'}"


class Order(models.Model):
    """What somebody bought. `list_total` is the lines before discounts; every sum is checked by the database.

    `history` marks orders taken over from another system: they move no stock, points, coupons or channels.
    """

    class Status(models.TextChoices):
        AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
        PLACED = "placed", _("Placed")
        IN_PROGRESS = "in_progress", _("In progress")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    number = models.CharField(_("number"), max_length=40, unique=True)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="orders", verbose_name=_("channel"))
    external_id = models.CharField(_("number in the channel"), max_length=200, null=True, blank=True)
    # Where it was sold, for a till; where it is collected or sent from stands on its fulfilments.
    location = models.ForeignKey(Location, models.PROTECT, null=True, blank=True, verbose_name=_("sold at"))
    source_record = models.ForeignKey(
        SourceRecord,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        db_index=False,
        verbose_name=_("source record"),
    )
    quote = models.ForeignKey(Quote, models.SET_NULL, null=True, blank=True, verbose_name=_("quote"))
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, blank=True, verbose_name=_("cart"))
    status = models.CharField(_("status"), max_length=20, choices=Status)
    currency = models.CharField(_("currency"), max_length=3)
    list_total = models.BigIntegerField(_("before discounts"))
    discount_total = models.BigIntegerField(_("discounts"), default=0)
    charges_total = models.BigIntegerField(_("charges"), default=0)
    tax_total = models.BigIntegerField(_("tax"), default=0)
    tax_included = models.BooleanField(_("tax included"), default=True)
    total = models.BigIntegerField(_("total"))
    # As far as told: name, phone, email, address.
    contact = models.JSONField(_("contact"), default=dict, blank=True)
    charges = models.JSONField(_("charges"), default=list, blank=True)
    order_adjustments = models.JSONField(_("order adjustments"), default=list, blank=True)
    coupons = models.JSONField(_("coupons"), default=list, blank=True)
    points_spent = models.BigIntegerField(_("points spent"), default=0)
    points_earned = models.BigIntegerField(_("points earned"), default=0)
    note = models.CharField(_("note"), max_length=500, blank=True)
    sold_by = models.CharField(_("sold by"), max_length=100, blank=True)
    history = models.BooleanField(_("taken over from another system"), default=False)
    placed_at = models.DateTimeField(_("placed"))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    # When stock held for an unpaid order is released.
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="order_once_per_channel", condition=Q(external_id__isnull=False)
            ),
            models.CheckConstraint(
                name="order_total_adds_up",
                condition=Q(tax_included=True, total=F("list_total") - F("discount_total") + F("charges_total"))
                | Q(
                    tax_included=False,
                    total=F("list_total") - F("discount_total") + F("charges_total") + F("tax_total"),
                ),
            ),
            # A write-off or an adjustment of another system's books may be negative; a sale of ours may not.
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0) | Q(history=True)),
        ]
        indexes = [
            models.Index(fields=["source_record", "-id"], name="order_of_record"),
            models.Index(fields=["placed_at", "channel"], name="order_placed"),
            models.Index(fields=["status", "-id"], name="order_status"),
            models.Index(fields=["held_until"], name="order_held", condition=Q(held_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One variant of an order. `total` = `list_total` - `discount_total`; order-wide discounts are already
    shared out over the lines, so what one unit was worth is known when it comes back."""

    # Both keys stand first in an index below already; a second one would cost every line a write.
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_index=False, verbose_name=_("order"))
    position = models.PositiveIntegerField(_("line"))
    variant = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, db_index=False, verbose_name=_("variant")
    )
    sku = models.CharField(_("SKU"), max_length=100)
    name = models.CharField(_("name"), max_length=300, blank=True)
    quantity = models.IntegerField(_("quantity"))
    unit_price = models.BigIntegerField(_("unit price"))
    list_total = models.BigIntegerField(_("before discounts"))
    discount_total = models.BigIntegerField(_("discounts"), default=0)
    tax = models.BigIntegerField(_("tax"), default=0)
    tax_rate = models.PositiveIntegerField(_("tax rate (1/100 %)"), default=0)
    total = models.BigIntegerField(_("total"))
    adjustments = models.JSONField(_("adjustments"), default=list, blank=True)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    fulfilled = models.PositiveIntegerField(_("fulfilled"), default=0)
    returned = models.PositiveIntegerField(_("returned"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_once"),
            models.CheckConstraint(name="line_total_adds_up", condition=Q(total=F("list_total") - F("discount_total"))),
            models.CheckConstraint(name="line_quantity_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="line_not_over_fulfilled", condition=Q(quantity__gte=F("cancelled") + F("fulfilled"))
            ),
            models.CheckConstraint(name="line_not_over_returned", condition=Q(fulfilled__gte=F("returned"))),
        ]
        indexes = [models.Index(fields=["variant"], name="line_of_variant")]

    def __str__(self) -> str:
        return f"{self.sku} x {self.quantity}"

    @property
    def called(self) -> str:
        """The product's name in the reader's language, while it is still called what it was sold as."""
        product = self.variant.product if self.variant is not None else None
        return str(product) if product is not None and self.name in {product.name_vi, product.name_en} else self.name


class Fulfilment(models.Model):
    """How and from where goods of an order reach the customer, and how far they have come."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        ACCEPTED = "accepted", _("Accepted")
        PICKED = "picked", _("Picked")
        PACKED = "packed", _("Packed")
        READY = "ready", _("Ready")
        COLLECTED = "collected", _("Collected")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")

    order = models.ForeignKey(Order, models.CASCADE, related_name="fulfilments", verbose_name=_("order"))
    method = models.CharField(_("method"), max_length=20, choices=Method)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.NEW)
    # Whose stock it takes, and where the customer gets it (null: at their address).
    source = models.ForeignKey(Location, models.PROTECT, related_name="+", db_index=False, verbose_name=_("from"))
    pickup = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("collected at")
    )
    address = models.JSONField(_("address"), default=dict, blank=True)
    carrier = models.CharField(_("carrier"), max_length=100, blank=True)
    tracking = models.CharField(_("tracking"), max_length=100, blank=True)
    bay = models.CharField(_("bay"), max_length=40, blank=True)
    collected_by = models.CharField(_("collected by"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"))
    promised_at = models.DateTimeField(_("promised"), null=True, blank=True)
    ready_at = models.DateTimeField(_("ready since"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("customer arrived"), null=True, blank=True)
    expires_at = models.DateTimeField(_("waits until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        ordering = ["-id"]
        permissions = [("unlock_pickup", _("Can unlock a pick-up code"))]
        indexes = [
            models.Index(fields=["source", "status"], name="fulfilment_queue"),
            models.Index(fields=["expires_at"], name="fulfilment_expiring", condition=Q(status="ready")),
            # The queues that every home page counts: what is still to be done, and nothing else in the index.
            models.Index(
                fields=["source", "pickup"],
                name="fulfilment_open",
                condition=Q(status__in=["new", "accepted", "picked", "packed", "ready", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.order_id}/{self.pk}"


class FulfilmentLine(models.Model):
    fulfilment = models.ForeignKey(
        Fulfilment, models.CASCADE, related_name="lines", db_index=False, verbose_name=_("fulfilment")
    )
    order_line = models.ForeignKey(OrderLine, models.CASCADE, related_name="+", verbose_name=_("order line"))
    quantity = models.PositiveIntegerField(_("quantity"))
    picked = models.PositiveIntegerField(_("picked"), default=0)

    class Meta:
        verbose_name = _("fulfilment line")
        verbose_name_plural = _("fulfilment lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["fulfilment", "order_line"], name="fulfilment_line_once"),
            models.CheckConstraint(
                name="picked_within_quantity", condition=Q(quantity__gt=0) & Q(picked__lte=F("quantity"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} x {self.quantity}"


class PickupCode(models.Model):
    """A one-time code to collect with: kept as an HMAC, live once per location, five wrong tries lock it."""

    fulfilment = models.ForeignKey(Fulfilment, models.CASCADE, related_name="codes", verbose_name=_("fulfilment"))
    location = models.ForeignKey(Location, models.PROTECT, verbose_name=_("location"))
    fingerprint = models.CharField(max_length=64, editable=False)
    # With CODE_KEY it gives the code again, so that a message sent twice tells the same one.
    nonce = models.CharField(max_length=32, blank=True, default="", editable=False)
    wrong_tries = models.PositiveSmallIntegerField(_("wrong tries"), default=0)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    locked_at = models.DateTimeField(_("locked"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("pick-up code")
        verbose_name_plural = _("pick-up codes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "fingerprint"], name="pickup_code_live_once", condition=Q(ended_at=None)
            ),
            models.UniqueConstraint(fields=["fulfilment"], name="one_live_pickup_code", condition=Q(ended_at=None)),
            models.CheckConstraint(
                name="pickup_five_tries_lock",
                condition=Q(wrong_tries__lt=5) | Q(wrong_tries=5, locked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fulfilment_id}"


class Payment(models.Model):
    """Money (or points, or a gift card) towards an order: pending until captured; refunds never exceed it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        CAPTURED = "captured", _("Captured")
        CANCELLED = "cancelled", _("Cancelled")

    order = models.ForeignKey(Order, models.CASCADE, related_name="payments", verbose_name=_("order"))
    tender = models.CharField(_("tender"), max_length=20, choices=Tender)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    amount = models.BigIntegerField(_("amount"))
    refunded = models.BigIntegerField(_("refunded"), default=0)
    # A terminal's or bank's reference; never a card number.
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    # A gift card or hold it was taken from: ("gift_card", "12").
    paid_from = models.CharField(_("taken from"), max_length=100, blank=True)
    tendered = models.BigIntegerField(_("cash given"), null=True, blank=True)
    change = models.BigIntegerField(_("change"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    captured_at = models.DateTimeField(_("captured"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="payment_pays_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="refund_within_capture",
                condition=Q(refunded=0) | Q(status="captured", refunded__gte=0, refunded__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="change_adds_up",
                condition=Q(tendered=None, change=None) | Q(tendered=F("amount") + F("change"), change__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_tender_display()} {self.amount}"


class Return(models.Model):
    """Goods that came back, at any location whatever the channel of the order."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    order = models.ForeignKey(
        Order, models.CASCADE, null=True, blank=True, related_name="returns", verbose_name=_("order")
    )
    channel = models.ForeignKey(Channel, models.PROTECT, null=True, blank=True, verbose_name=_("channel"))
    location = models.ForeignKey(Location, models.PROTECT, null=True, blank=True, verbose_name=_("location"))
    source_record = models.ForeignKey(
        SourceRecord, models.PROTECT, null=True, blank=True, related_name="returns", verbose_name=_("source record")
    )
    external_id = models.CharField(_("number in the channel"), max_length=200, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    refund_to = models.CharField(_("refund to"), max_length=20, default="original")
    total = models.BigIntegerField(_("refunded in all"), default=0)
    points_taken_back = models.BigIntegerField(_("points taken back"), default=0)
    points_given_back = models.BigIntegerField(_("points given back"), default=0)
    taken_by = models.CharField(_("taken by"), max_length=100, blank=True)
    history = models.BooleanField(_("taken over from another system"), default=False)
    returned_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                name="return_once_per_channel",
                condition=Q(external_id__isnull=False),
            ),
            # Only another system's books hold a return whose sale cannot be found.
            models.CheckConstraint(name="return_has_an_order", condition=Q(order__isnull=False) | Q(history=True)),
        ]

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    class Condition(models.TextChoices):
        SELLABLE = "sellable", _("Sellable")
        DAMAGED = "damaged", _("Damaged")

    of = models.ForeignKey(Return, models.CASCADE, related_name="lines", db_index=False, verbose_name=_("return"))
    position = models.PositiveIntegerField(_("line"))
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="return_lines", verbose_name=_("order line")
    )
    sku = models.CharField(_("SKU"), max_length=100)
    quantity = models.PositiveIntegerField(_("quantity"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    condition = models.CharField(_("condition"), max_length=10, choices=Condition, default=Condition.SELLABLE)
    amount = models.BigIntegerField(_("refunded"))

    class Meta:
        verbose_name = _("returned line")
        verbose_name_plural = _("returned lines")
        ordering = ["of_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["of", "position"], name="return_line_once"),
            models.CheckConstraint(name="return_line_holds_something", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.sku} x {self.quantity}"


class Refund(models.Model):
    """Money (points, credit) given back out of one payment; what history could not match stands outside (null)."""

    order = models.ForeignKey(
        Order, models.CASCADE, null=True, blank=True, related_name="refunds", verbose_name=_("order")
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="refunds", verbose_name=_("payment")
    )
    of_return = models.ForeignKey(
        Return, models.PROTECT, null=True, blank=True, related_name="refunds", verbose_name=_("return")
    )
    tender = models.CharField(_("tender"), max_length=20, choices=Tender)
    amount = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    made_by = models.CharField(_("by"), max_length=100)
    made_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="refund_gives_something", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.get_tender_display()} {self.amount}"


class OrderEvent(models.Model):
    """What happened to an order, when and by whom; append-only."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events", verbose_name=_("order"))
    kind = models.CharField(_("what"), max_length=40)
    data = models.JSONField(_("data"), default=dict, blank=True)
    by = models.CharField(_("by"), max_length=100)
    happened_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.kind


class OrderException(models.Model):
    """A gap between what a channel told and what we know, for the desk to settle."""

    order = models.ForeignKey(
        Order, models.CASCADE, null=True, blank=True, related_name="exceptions", verbose_name=_("order")
    )
    of_return = models.ForeignKey(
        Return, models.CASCADE, null=True, blank=True, related_name="exceptions", verbose_name=_("return")
    )
    code = models.CharField(_("code"), max_length=60)
    details = models.JSONField(_("details"), default=dict, blank=True)
    raised_at = models.DateTimeField(_("raised"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("settled by")
    )
    note = models.CharField(_("what was done about it"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["code", "-id"], name="exception_open", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return self.code


class HistoryAdjustment(models.Model):
    """A line of another system's books that is neither sale nor return: it stands outside the sums of orders.

    `amount` is what the line added to those books, minor units, negative where it took away. Written once.
    """

    class Kind(models.TextChoices):
        ADJUSTMENT = "adjustment", _("Adjustment of the books")
        CHARGE_BACK = "charge_back", _("Charge, discount or fee given back")
        WRITE_OFF = "write_off", _("Stock written off")

    channel = models.ForeignKey(Channel, models.PROTECT, db_index=False, verbose_name=_("channel"))
    # The document in the other system and the line of it; the same line is taken once, however often it comes.
    external_id = models.CharField(_("number in the channel"), max_length=200)
    position = models.PositiveIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    source_record = models.ForeignKey(
        SourceRecord, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source record")
    )
    sku = models.CharField(_("SKU or code"), max_length=100)
    quantity = models.IntegerField(_("quantity"))
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=300, blank=True)
    run = models.ForeignKey(
        ImportRun, models.PROTECT, related_name="history_adjustments", verbose_name=_("taken over by")
    )
    row = models.BigIntegerField(_("row of the file"))
    happened_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("adjustment taken over")
        verbose_name_plural = _("adjustments taken over")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id", "position"], name="history_adjustment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id}/{self.position} {self.kind}"

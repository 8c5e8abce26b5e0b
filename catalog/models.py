"""What is sold, for how much, and how much of it is where."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from omni.core.models import Location, both_languages


class Category(models.Model):
    """A branch of the catalog, with the rate of tax of what is in it."""

    code = models.SlugField(_("code"), max_length=80, unique=True)
    name_vi = models.CharField(_("name (Vietnamese)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("within"))
    # Basis points: 800 is 8 %.
    tax_rate = models.PositiveIntegerField(_("tax rate (1/100 %)"), default=800)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["code"]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)


class Product(models.Model):
    """A thing to buy, in one or more variants."""

    handle = models.SlugField(_("handle"), max_length=200, unique=True, allow_unicode=True)
    name_vi = models.CharField(_("name (Vietnamese)"), max_length=300)
    name_en = models.CharField(_("name (English)"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True)
    vendor = models.CharField(_("brand"), max_length=200, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"))
    tags = models.JSONField(_("tags"), default=list, blank=True)
    images = models.JSONField(_("images"), default=list, blank=True)
    # In which order the options are told; a JSON object of the database keeps none.
    option_names = models.JSONField(_("options in order"), default=list, blank=True)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-id"]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)


class Variant(models.Model):
    """A SKU. `search_text` holds name, options, SKU and GTIN in lower case without diacritics."""

    sku = models.CharField(_("SKU"), max_length=100, unique=True)
    gtin = models.CharField(_("GTIN"), max_length=14, null=True, blank=True, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="variants", verbose_name=_("product"))
    # {"Size": "M", "Màu": "Xanh"}; the product knows their order.
    options = models.JSONField(_("options"), default=dict, blank=True)
    weight_grams = models.PositiveIntegerField(_("weight (g)"), default=0)
    # For pick lists: where it lies in a store.
    shelf = models.CharField(_("shelf"), max_length=40, blank=True)
    active = models.BooleanField(_("active"), default=True)
    search_text = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["-id"]
        indexes = [
            # Prefix search over words; 'simple' so that Vietnamese and SKUs are not stemmed.
            GinIndex(SearchVector("search_text", config="simple"), name="variant_search"),
        ]
        constraints = [
            models.CheckConstraint(name="sku_not_blank", condition=~Q(sku="")),
            models.CheckConstraint(name="gtin_not_blank", condition=~Q(gtin="")),
        ]

    def __str__(self) -> str:
        return self.sku

    def ordered_options(self) -> dict[str, str]:
        """The options in the product's order; those that it does not name come last."""
        known = {name: self.options[name] for name in self.product.option_names if name in self.options}
        return {**known, **self.options}


class Price(models.Model):
    """The amount that a variant costs from a time until another, on every channel. Minor units.

    Two of one variant and currency never overlap (0002 holds the exclusion), none lies below its floor.
    A change ends the running one and adds the next; nothing else about a price is ever rewritten.
    """

    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="prices", db_index=False, verbose_name=_("variant")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))
    compare_at = models.BigIntegerField(_("compare at"), null=True, blank=True)
    floor = models.BigIntegerField(_("floor"), default=0)
    tax_included = models.BooleanField(_("tax included"), default=True)
    valid_from = models.DateTimeField(_("from"))
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    changed_by = models.CharField(_("changed by"), max_length=100)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="price_not_below_floor", condition=Q(amount__gte=F("floor"))),
            models.CheckConstraint(name="price_not_negative", condition=Q(amount__gte=0, floor__gte=0)),
            # One that was replaced before it began ends where it begins: it never ran.
            models.CheckConstraint(
                name="price_valid_forwards", condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))
            ),
        ]
        indexes = [models.Index(fields=["variant", "currency", "-valid_from"], name="price_of_variant")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Promotion(models.Model):
    """A rule that lowers what a basket costs, the same on every channel: its kind, conditions and stacking.

    `kind` names a class in catalog.promotions.KINDS, `params` are that kind's. `conditions` combine freely.
    """

    class Stacking(models.TextChoices):
        EXCLUSIVE = "exclusive", _("Exclusive")
        COMBINABLE = "combinable", _("Combinable")

    code = models.SlugField(_("code"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=40)
    name_vi = models.CharField(_("name (Vietnamese)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    conditions = models.JSONField(_("conditions"), default=dict, blank=True)
    stacking = models.CharField(_("stacking"), max_length=12, choices=Stacking, default=Stacking.EXCLUSIVE)
    priority = models.IntegerField(_("priority"), default=0)
    needs_coupon = models.BooleanField(_("needs a coupon"), default=False)
    # Minor units of `currency` that it may give away in all; null: no bound, and what it gives is not counted here.
    currency = models.CharField(_("currency"), max_length=3, default="VND")
    budget = models.BigIntegerField(_("budget"), null=True, blank=True)
    spent = models.BigIntegerField(_("given away"), default=0)
    valid_from = models.DateTimeField(_("from"))
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-priority", "id"]
        constraints = [
            models.CheckConstraint(
                name="promotion_within_budget", condition=Q(budget=None) | Q(spent__lte=F("budget"))
            ),
            models.CheckConstraint(name="promotion_spent_not_negative", condition=Q(spent__gte=0)),
            models.CheckConstraint(
                name="promotion_valid_forwards", condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)


class Coupon(models.Model):
    """A code that opens a promotion, so many times in all and for one customer."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="coupons", verbose_name=_("promotion"))
    max_uses = models.PositiveIntegerField(_("uses allowed"), null=True, blank=True, default=1)
    max_uses_per_customer = models.PositiveIntegerField(_("uses per customer"), null=True, blank=True)
    used = models.PositiveIntegerField(_("used"), default=0)
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="coupon_not_overused", condition=Q(max_uses=None) | Q(used__lte=F("max_uses"))),
            models.CheckConstraint(name="coupon_code_normal", condition=Q(code=Upper("code"))),
        ]

    def __str__(self) -> str:
        return self.code


class CouponUse(models.Model):
    """One use of a coupon by an order, counted in the order's own transaction; given back, it is `returned_at`."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="uses", db_index=False, verbose_name=_("coupon"))
    # The order's number and the customer's source record: upward and downward references kept as plain keys.
    order = models.CharField(_("order"), max_length=40)
    source_record = models.BigIntegerField(_("source record"), null=True, blank=True)
    used_at = models.DateTimeField(_("used"))
    returned_at = models.DateTimeField(_("given back"), null=True, blank=True)

    class Meta:
        verbose_name = _("coupon use")
        verbose_name_plural = _("coupon uses")
        constraints = [models.UniqueConstraint(fields=["coupon", "order"], name="coupon_once_per_order")]
        indexes = [
            models.Index(fields=["order"], name="coupon_use_of_order", condition=Q(returned_at=None)),
            # How often one person has used a code that everybody uses.
            models.Index(
                fields=["source_record", "coupon"], name="coupon_use_of_record", condition=Q(returned_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} {self.order}"


class StockLevel(models.Model):
    """How much of a variant is at a location. `on_hand` is moved by movements alone (a trigger in 0002).

    What can be promised (ATP) is on hand - reserved - safety, never below zero.
    """

    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="levels", db_index=False, verbose_name=_("variant")
    )
    location = models.ForeignKey(Location, models.PROTECT, related_name="levels", verbose_name=_("location"))
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    safety = models.PositiveIntegerField(_("safety stock"), default=0)
    # Moving average cost of one unit, minor units of the shop's currency.
    unit_cost = models.BigIntegerField(_("unit cost"), default=0)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        ordering = ["variant_id", "location_id"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "location"], name="stock_level_once"),
            models.CheckConstraint(
                name="reserved_within_on_hand", condition=Q(reserved__gte=0) & Q(on_hand__gte=F("reserved"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}@{self.location_id}: {self.on_hand}"


class Movement(models.Model):
    """Goods that came or went, append-only; inserting one moves the level of its variant and location."""

    class Reason(models.TextChoices):
        RECEIPT = "receipt", _("Received")
        SALE = "sale", _("Sold")
        RETURN = "return", _("Returned")
        COUNT = "count", _("Counted")
        ADJUSTMENT = "adjustment", _("Adjusted")
        FOUND = "found", _("Found")
        DAMAGED = "damaged", _("Damaged")
        TRANSFER_OUT = "transfer_out", _("Sent to another location")
        TRANSFER_IN = "transfer_in", _("Came from another location")

    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="movements", db_index=False, verbose_name=_("variant")
    )
    location = models.ForeignKey(Location, models.PROTECT, related_name="movements", verbose_name=_("location"))
    quantity = models.IntegerField(_("quantity"))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    # What it belongs to: ("order", "W-1042"), ("import", "12").
    source_kind = models.CharField(_("belongs to"), max_length=40, blank=True)
    source = models.CharField(_("which"), max_length=100, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    moved_by = models.CharField(_("by"), max_length=100)
    moved_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="movement_moves", condition=~Q(quantity=0))]
        indexes = [models.Index(fields=["variant", "location", "-id"], name="movement_of_level")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.get_reason_display()}"


class Reservation(models.Model):
    """Units of a level promised to one order line. Live while `open`; a fulfilled one became a sale movement."""

    class State(models.TextChoices):
        OPEN = "open", _("Held")
        FULFILLED = "fulfilled", _("Handed over")
        RELEASED = "released", _("Released")

    variant = models.ForeignKey(Variant, models.PROTECT, related_name="reservations", verbose_name=_("variant"))
    location = models.ForeignKey(Location, models.PROTECT, related_name="reservations", verbose_name=_("location"))
    quantity = models.PositiveIntegerField(_("quantity"))
    # The order's number and the line's position in it.
    order = models.CharField(_("order"), max_length=40)
    line = models.PositiveIntegerField(_("line"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("created"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "line", "location"], name="one_live_reservation", condition=Q(state="open")
            ),
            models.CheckConstraint(name="reservation_holds_something", condition=Q(quantity__gt=0)),
        ]
        indexes = [
            models.Index(fields=["order"], name="reservation_of_order"),
            models.Index(fields=["variant", "location"], name="reservation_live", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.order}/{self.line}: {self.quantity}"


class Offer(models.Model):
    """What anybody sees of a variant now, in the shop's currency; one row, its version only rises.

    `availability` is [{"location", "atp", "status"}] over active locations. `promotion_price` is what one unit
    costs a buyer of whom nothing is known, null where no promotion applies.
    """

    variant = models.OneToOneField(
        Variant, models.CASCADE, primary_key=True, related_name="offer", verbose_name=_("variant")
    )
    currency = models.CharField(_("currency"), max_length=3)
    price = models.BigIntegerField(_("price"), null=True, blank=True)
    compare_at = models.BigIntegerField(_("compare at"), null=True, blank=True)
    promotion_price = models.BigIntegerField(_("promotion price"), null=True, blank=True)
    promotion = models.CharField(_("promotion"), max_length=80, blank=True)
    tax_included = models.BooleanField(_("tax included"), default=True)
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    availability = models.JSONField(_("availability"), default=list, blank=True)
    atp = models.IntegerField(_("available in all"), default=0)
    sellable = models.BooleanField(_("sellable"), default=False)
    version = models.BigIntegerField(_("version"))
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        indexes = [
            models.Index(fields=["updated_at", "variant"], name="offer_updated"),
            models.Index(fields=["valid_until"], name="offer_boundary", condition=Q(valid_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} v{self.version}"


class DueOffer(models.Model):
    """Word that a variant's stock moved and its offer is to be computed anew within the second.

    A queue and not a set: each writer adds a row of its own, so that none waits for another, and a movement
    that commits while an offer is being computed still has its own word waiting.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", verbose_name=_("variant"))
    due_at = models.DateTimeField(_("due"))

    class Meta:
        verbose_name = _("offer to refresh")
        verbose_name_plural = _("offers to refresh")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.variant_id)

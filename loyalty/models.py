"""One ledger for points, gift cards and store credit.

A member's accounts belong to a source record and never move; a customer has what all their records have, so a
merge or un-merge needs no posting. An entry moves an amount from one account to another, so every sum is zero.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, SourceRecord
from omni.core.models import both_languages


class Programme(models.Model):
    """The rules of a loyalty programme, as data."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_vi = models.CharField(_("name (Vietnamese)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    # `earn_points` points for each whole `earn_per` minor units paid.
    earn_points = models.PositiveIntegerField(_("points earned"), default=1)
    earn_per = models.PositiveBigIntegerField(_("for each"), default=10_000)
    # What one point is worth as a tender, minor units.
    point_value = models.PositiveBigIntegerField(_("worth of a point"), default=100)
    pending_days = models.PositiveSmallIntegerField(_("days until points can be spent"), default=30)
    # Months after which a lot of points ends; null: never.
    expiry_months = models.PositiveSmallIntegerField(_("months a point lives"), null=True, blank=True, default=12)
    may_go_negative = models.BooleanField(_("balance may go negative"), default=False)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Ho_Chi_Minh")
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        constraints = [models.CheckConstraint(name="programme_earns_per_something", condition=Q(earn_per__gt=0))]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)


class Tier(models.Model):
    """A level of a programme: reached by points earned in a calendar year; multiplies what is earned."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="tiers", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=40)
    name_vi = models.CharField(_("name (Vietnamese)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100, blank=True)
    # Minor units spent in a calendar year.
    threshold = models.PositiveBigIntegerField(_("reached by spending"), default=0)
    # Basis points: 12000 earns 1.2 times.
    earn_rate = models.PositiveIntegerField(_("earns (1/100 %)"), default=10_000)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["programme", "threshold"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="tier_once"),
            models.UniqueConstraint(fields=["programme", "threshold"], name="tier_thresholds_differ"),
        ]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)


class MemberTier(models.Model):
    """The tier that a customer has reached, since when and until when."""

    customer = models.ForeignKey(Customer, models.CASCADE, verbose_name=_("customer"))
    tier = models.ForeignKey(Tier, models.PROTECT, verbose_name=_("tier"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("member's tier")
        verbose_name_plural = _("members' tiers")
        constraints = [
            models.UniqueConstraint(fields=["customer"], name="member_one_tier", condition=Q(until=None)),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tier_id}"


class Account(models.Model):
    """A place where units are. A member's hang on a source record; the programme's (issued, redeemed, expired,
    revoked) on no one.

    `balance` is kept by a trigger (0002) for members' and cards' accounts alone: keeping it for the programme's
    would make every posting wait for one row.
    """

    class Kind(models.TextChoices):
        PENDING = "pending", _("Pending")
        AVAILABLE = "available", _("Available")
        HELD = "held", _("Held for an order")
        GIFT_CARD = "gift_card", _("Gift card")
        STORE_CREDIT = "store_credit", _("Store credit")
        ISSUED = "issued", _("Issued")
        REDEEMED = "redeemed", _("Redeemed")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    MEMBERS = ("pending", "available", "held", "gift_card", "store_credit")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    # "points", or an ISO 4217 code for gift cards and store credit.
    unit = models.CharField(_("unit"), max_length=10)
    programme = models.ForeignKey(Programme, models.PROTECT, null=True, blank=True, verbose_name=_("programme"))
    source_record = models.ForeignKey(
        SourceRecord, models.PROTECT, null=True, blank=True, related_name="accounts", verbose_name=_("source record")
    )
    balance = models.BigIntegerField(_("balance"), default=0)
    may_be_negative = models.BooleanField(_("may be negative"), default=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="account_not_overdrawn", condition=Q(balance__gte=0) | Q(may_be_negative=True)),
            models.UniqueConstraint(
                fields=["programme", "kind", "source_record"],
                name="one_account_of_member",
                condition=Q(programme__isnull=False, source_record__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["programme", "kind"],
                name="one_account_of_programme",
                condition=Q(programme__isnull=False, source_record=None),
            ),
            models.UniqueConstraint(
                fields=["unit", "source_record"], name="one_store_credit", condition=Q(kind="store_credit")
            ),
            models.UniqueConstraint(
                fields=["unit", "kind"],
                name="one_account_of_shop",
                condition=Q(programme=None, source_record=None, kind__in=["issued", "redeemed", "expired", "revoked"]),
            ),
            models.CheckConstraint(
                name="points_have_a_programme",
                condition=Q(unit="points", programme__isnull=False) | (~Q(unit="points") & Q(programme=None)),
            ),
        ]
        indexes = [models.Index(fields=["source_record"], name="accounts_of_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.unit} #{self.pk}"


class Entry(models.Model):
    """An amount moved from one account to another, for a reason and a source; never changed, deleted or truncated.

    One source moves units between the same two accounts for the same reason once, so a repeat is harmless.
    `reverses` mirrors an entry exactly, and an entry is reversed at most once (0002).
    """

    class Reason(models.TextChoices):
        EARN = "earn", _("Earned")
        RELEASE = "release", _("Became spendable")
        HOLD = "hold", _("Held for an order")
        CAPTURE = "capture", _("Spent")
        UNHOLD = "unhold", _("Hold released")
        CLAWBACK = "clawback", _("Taken back on a return")
        GIVE_BACK = "give_back", _("Given back on a return")
        REDEEM = "redeem", _("Redeemed")
        EXPIRE = "expire", _("Expired")
        ADJUST = "adjust", _("Adjusted")
        LOAD = "load", _("Loaded")
        REVERSE = "reverse", _("Reversed")

    from_account = models.ForeignKey(Account, models.PROTECT, related_name="entries_out", verbose_name=_("from"))
    to_account = models.ForeignKey(Account, models.PROTECT, related_name="entries_in", verbose_name=_("to"))
    amount = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    # What made it: ("order", "W-1042"), ("return", "R-77"), ("request", "<key>").
    source_kind = models.CharField(_("because of"), max_length=40)
    source = models.CharField(_("which"), max_length=200)
    note = models.CharField(_("note"), max_length=300, blank=True)
    made_by = models.CharField(_("by"), max_length=100)
    made_at = models.DateTimeField(_("when"))
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name=_("reverses")
    )

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="entry_moves_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="entry_between_two_accounts", condition=~Q(from_account=F("to_account"))),
            models.UniqueConstraint(
                fields=["reason", "source_kind", "source", "from_account", "to_account"], name="entry_once"
            ),
        ]
        indexes = [
            models.Index(fields=["from_account", "-id"], name="entry_out"),
            models.Index(fields=["to_account", "-id"], name="entry_in"),
            models.Index(fields=["source_kind", "source"], name="entry_of_source"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.amount}"


class Lot(models.Model):
    """Units of an available account that came together and expire together."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="lots", verbose_name=_("account"))
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="lots", verbose_name=_("came by"))
    amount = models.BigIntegerField(_("amount"))
    remaining = models.BigIntegerField(_("left"))
    opened_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ["expires_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="lot_within_amount", condition=Q(remaining__gte=0) & Q(remaining__lte=F("amount"))
            )
        ]
        indexes = [
            models.Index(fields=["account", "expires_at", "id"], name="lot_spendable", condition=Q(remaining__gt=0)),
            models.Index(fields=["expires_at"], name="lot_expiring", condition=Q(remaining__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.remaining}/{self.amount}"


class Allocation(models.Model):
    """How much of a lot an entry took (`amount` > 0) or gave back (< 0)."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="allocations", verbose_name=_("entry"))
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="allocations", verbose_name=_("lot"))
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.UniqueConstraint(fields=["entry", "lot"], name="allocation_once"),
            models.CheckConstraint(name="allocation_takes_something", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.amount} of {self.lot_id}"


class Accrual(models.Model):
    """Points that an order earned: pending until `release_at`, less what returns took back."""

    source_record = models.ForeignKey(
        SourceRecord, models.PROTECT, related_name="accruals", verbose_name=_("source record")
    )
    programme = models.ForeignKey(Programme, models.PROTECT, verbose_name=_("programme"))
    order = models.CharField(_("order"), max_length=40)
    # What the points were earned on, minor units, and how much of it came back.
    basis = models.BigIntegerField(_("earned on"))
    points = models.BigIntegerField(_("points"))
    clawed_back = models.BigIntegerField(_("taken back"), default=0)
    release_at = models.DateTimeField(_("spendable from"))
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("accrual")
        verbose_name_plural = _("accruals")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "order"], name="accrual_once_per_order"),
            models.CheckConstraint(
                name="accrual_clawback_bounded", condition=Q(clawed_back__gte=0) & Q(clawed_back__lte=F("points"))
            ),
        ]
        indexes = [models.Index(fields=["release_at"], name="accrual_due", condition=Q(released_at=None))]

    def __str__(self) -> str:
        return f"{self.order}: {self.points}"


class Hold(models.Model):
    """Points set aside for an order from placing until it is fulfilled (captured) or cancelled (released)."""

    class State(models.TextChoices):
        OPEN = "open", _("Held")
        CAPTURED = "captured", _("Spent")
        RELEASED = "released", _("Released")

    programme = models.ForeignKey(Programme, models.PROTECT, verbose_name=_("programme"))
    order = models.CharField(_("order"), max_length=40)
    points = models.BigIntegerField(_("points"))
    # What they paid, minor units, and how many went back to the member since.
    value = models.BigIntegerField(_("worth"))
    given_back = models.BigIntegerField(_("given back"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    made_at = models.DateTimeField(_("held since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "order"], name="hold_once_per_order"),
            models.CheckConstraint(
                name="hold_give_back_bounded",
                condition=Q(points__gt=0) & Q(given_back__gte=0) & Q(given_back__lte=F("points")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.points}"


class GiftCard(models.Model):
    """A gift card: an account in a currency, found by the fingerprint of its number (64 random bits)."""

    account = models.OneToOneField(Account, models.PROTECT, related_name="gift_card", verbose_name=_("account"))
    fingerprint = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    last4 = models.CharField(_("last four"), max_length=4, blank=True)
    # The full number is told once.
    told_at = models.DateTimeField(_("number told"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("gift card")
        verbose_name_plural = _("gift cards")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"•••• {self.last4}"

"""The ledger itself: accounts, entries between them, lots and what was taken of each."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import SourceRecord
from loyalty.models.programme import Programme


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
        SourceRecord,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        db_index=False,
        verbose_name=_("source record"),
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
        return f"{self.get_kind_display()} #{self.pk}"


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

    from_account = models.ForeignKey(
        Account, models.PROTECT, related_name="entries_out", db_index=False, verbose_name=_("from")
    )
    to_account = models.ForeignKey(
        Account, models.PROTECT, related_name="entries_in", db_index=False, verbose_name=_("to")
    )
    amount = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    # What made it: ("order", "W-1042"), ("return", "R-77"), ("request", "<key>").
    source_kind = models.CharField(_("because of"), max_length=40)
    source = models.CharField(_("which"), max_length=200)
    # The order that it is about, for a statement that people understand; empty where there is none.
    order = models.CharField(_("order"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    made_by = models.CharField(_("by"), max_length=100)
    made_at = models.DateTimeField(_("when"))
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name=_("reverses")
    )

    class Meta:
        verbose_name = pgettext_lazy("ledger", "entry")
        verbose_name_plural = pgettext_lazy("ledger", "entries")
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
            models.Index(fields=["order"], name="entry_of_order", condition=~Q(order="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.amount}"


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

    entry = models.ForeignKey(
        Entry, models.PROTECT, related_name="allocations", db_index=False, verbose_name=pgettext_lazy("ledger", "entry")
    )
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

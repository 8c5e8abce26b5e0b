"""The rules of a programme, as data, and what a member has reached in it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
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
    # An adjustment of more points than this needs a second person.
    adjustment_limit = models.PositiveBigIntegerField(_("adjusted by one person up to"), default=1_000)
    active = models.BooleanField(_("active"), default=True)
    # For a programme that was set up ahead; null: it has always been on.
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        constraints = [
            models.CheckConstraint(name="programme_earns_per_something", condition=Q(earn_per__gt=0)),
            models.UniqueConstraint(fields=["active"], name="one_active_programme", condition=Q(active=True)),
        ]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)


class Tier(models.Model):
    """A level of a programme: reached by what is spent in a calendar year; multiplies what is earned."""

    programme = models.ForeignKey(
        Programme, models.CASCADE, related_name="tiers", db_index=False, verbose_name=_("programme")
    )
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
    """The tier that a customer has reached; `until` is null for the one they have now.

    `spent` is the calendar year's total, minor units, as `reviewed_at` saw it. A tier is kept to the end of the
    year after the one it was reached in (`keeps_until`, the programme's time zone); the lowest has no end.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, verbose_name=_("customer"))
    tier = models.ForeignKey(Tier, models.PROTECT, verbose_name=_("tier"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    keeps_until = models.DateTimeField(_("kept at least until"), null=True, blank=True)
    spent = models.BigIntegerField(_("spent this year"), default=0)
    reviewed_at = models.DateTimeField(_("reviewed"))

    class Meta:
        verbose_name = _("member's tier")
        verbose_name_plural = _("members' tiers")
        constraints = [
            models.UniqueConstraint(fields=["customer"], name="member_one_tier", condition=Q(until=None)),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tier_id}"


class Reward(models.Model):
    """What points can be redeemed for, by name."""

    programme = models.ForeignKey(
        Programme, models.CASCADE, related_name="rewards", db_index=False, verbose_name=_("programme")
    )
    code = models.SlugField(_("code"), max_length=40)
    name_vi = models.CharField(_("name (Vietnamese)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    points = models.PositiveBigIntegerField(_("points"))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="reward_once"),
            models.CheckConstraint(name="reward_costs_something", condition=Q(points__gt=0)),
        ]

    def __str__(self) -> str:
        return both_languages(self.name_vi, self.name_en)

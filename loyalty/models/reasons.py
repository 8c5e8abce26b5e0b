"""Why points move: what an order earned and what its returns took, what was held for one, what staff adjusted."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import SourceRecord
from loyalty.models.programme import Programme


class Accrual(models.Model):
    """Points that an order earned: pending until `release_at`, less what returns took back."""

    source_record = models.ForeignKey(
        SourceRecord, models.PROTECT, related_name="accruals", db_index=False, verbose_name=_("source record")
    )
    programme = models.ForeignKey(Programme, models.PROTECT, db_index=False, verbose_name=_("programme"))
    order = models.CharField(_("order"), max_length=40)
    # What the points were earned on, minor units, and how much of it came back.
    basis = models.BigIntegerField(_("earned on"))
    returned_basis = models.BigIntegerField(_("of which came back"), default=0)
    points = models.BigIntegerField(_("points"))
    # What returns were due to take, whether or not it was still there (ClawBack says).
    clawed_back = models.BigIntegerField(_("taken back"), default=0)
    made_at = models.DateTimeField(_("earned"))
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
            models.CheckConstraint(
                name="accrual_returns_bounded",
                condition=Q(returned_basis__gte=0) & Q(returned_basis__lte=F("basis")),
            ),
        ]
        indexes = [
            models.Index(fields=["release_at"], name="accrual_due", condition=Q(released_at=None)),
            models.Index(fields=["order"], name="accrual_of_order"),
            models.Index(fields=["source_record", "made_at"], name="accrual_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.points}"


class ClawBack(models.Model):
    """What one return took of the points that its order earned: `due` by proportion, `taken` as far as there was.

    The rest (`due - taken`) is let go, unless the programme lets a balance go below zero.
    """

    accrual = models.ForeignKey(
        Accrual, models.PROTECT, related_name="claw_backs", db_index=False, verbose_name=_("accrual")
    )
    return_number = models.CharField(_("return"), max_length=100)
    basis = models.BigIntegerField(_("came back"))
    due = models.BigIntegerField(_("to take back"))
    taken = models.BigIntegerField(_("taken back"))
    made_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("points taken back")
        verbose_name_plural = _("points taken back")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["accrual", "return_number"], name="claw_back_once_per_return"),
            models.CheckConstraint(
                name="claw_back_within_due", condition=Q(taken__gte=0) & Q(taken__lte=F("due")) & Q(basis__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.return_number}: {self.taken}/{self.due}"


class Hold(models.Model):
    """Points set aside for an order from placing until it is fulfilled (captured) or cancelled (released)."""

    class State(models.TextChoices):
        OPEN = "open", _("Held")
        CAPTURED = "captured", _("Spent")
        RELEASED = "released", _("Released")

    programme = models.ForeignKey(Programme, models.PROTECT, db_index=False, verbose_name=_("programme"))
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
        indexes = [models.Index(fields=["order"], name="hold_of_order")]

    def __str__(self) -> str:
        return f"{self.order}: {self.points}"


class Adjustment(models.Model):
    """Points given or taken by a colleague with a reason; above the programme's limit it waits for a second one."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a second person")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    programme = models.ForeignKey(Programme, models.PROTECT, verbose_name=_("programme"))
    source_record = models.ForeignKey(
        SourceRecord, models.PROTECT, related_name="adjustments", verbose_name=_("source record")
    )
    points = models.BigIntegerField(_("points"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    needs_second = models.BooleanField(_("needs a second person"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    asked_by = models.CharField(_("asked by"), max_length=100)
    asked_at = models.DateTimeField(_("asked"))
    decided_by = models.CharField(_("decided by"), max_length=100, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        ordering = ["-id"]
        permissions = [("approve_adjustment", _("Can approve adjustments of points"))]
        constraints = [
            models.CheckConstraint(name="adjustment_moves_something", condition=~Q(points=0)),
            models.CheckConstraint(
                name="adjustment_decided_by_a_second",
                condition=~Q(state="done") | Q(needs_second=False) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="adjustment_decided_or_waiting",
                condition=Q(state="waiting", decided_at=None) | (~Q(state="waiting") & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["id"], name="adjustment_waiting", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.points:+d}"

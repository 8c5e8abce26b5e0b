"""The room's admin: the ledger is read, programmes are set up, colleagues adjust points with a reason."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from loyalty import gift_cards, models, rewards
from loyalty.balances import balance_of, statement
from loyalty.members import records_with
from omni.core import clock
from omni.core.admin import ReadMostlyAdmin, SettingsAdmin
from omni.core.api.callers import caller_of_user
from omni.core.errors import DomainError
from omni.core.showing import money


class TierInline(TabularInline):  # type: ignore[misc]
    model = models.Tier
    extra = 0
    can_delete = False


class RewardInline(TabularInline):  # type: ignore[misc]
    model = models.Reward
    extra = 0
    can_delete = False


@admin.register(models.Programme)
class ProgrammeAdmin(SettingsAdmin):
    money = ("earn_per", "point_value")
    list_display = ["code", "name_vi", "currency", "earn_points", "earn_per", "point_value", "pending_days", "active"]
    list_filter = ["active", "currency"]
    search_fields = ["code", "name_vi", "name_en"]
    inlines = [TierInline, RewardInline]


@admin.register(models.Tier)
class TierAdmin(SettingsAdmin):
    money = ("threshold",)
    currency_at = ("programme.currency",)
    list_display = ["programme", "code", "name_vi", "threshold", "earn_rate"]
    list_filter = ["programme"]
    list_select_related = ["programme"]
    search_fields = ["code", "name_vi", "name_en"]


@admin.register(models.Reward)
class RewardAdmin(SettingsAdmin):
    list_display = ["programme", "code", "name_vi", "points", "active"]
    list_filter = ["programme", "active"]
    list_select_related = ["programme"]
    search_fields = ["code", "name_vi", "name_en"]


@admin.register(models.MemberTier)
class MemberTierAdmin(ReadMostlyAdmin):
    money = ("spent",)
    currency_at = ("tier.programme.currency",)
    list_display = ["customer", "tier", "since", "until", "keeps_until", "spent"]
    list_filter = ["tier", ("until", admin.EmptyFieldListFilter)]
    list_select_related = ["customer", "tier__programme"]
    search_fields = ["customer__name", "customer__phone"]


@admin.register(models.Account)
class AccountAdmin(ReadMostlyAdmin):
    money = ("balance",)
    currency_at = ("unit",)
    list_display = ["id", "kind", "unit", "source_record", "balance"]
    list_filter = ["kind", "unit"]
    list_select_related = ["source_record"]
    search_fields = ["=id", "=source_record__id", "source_record__name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "statement"]

    @admin.display(description=_("statement of the member"))
    def statement(self, account: models.Account) -> str:
        """Why the member whose account this is has what they have."""
        if account.source_record_id is None:
            return "—"
        records = records_with(account.source_record_id)
        return render_to_string(
            "loyalty/statement.html",
            {"balance": balance_of(records, now=clock.now()), "lines": statement(records, limit=100)},
        )


@admin.register(models.Entry)
class EntryAdmin(ReadMostlyAdmin):
    money = ("amount",)
    currency_at = ("to_account.unit",)
    list_display = ["id", "made_at", "reason", "amount", "from_account", "to_account", "order", "made_by", "note"]
    list_filter = ["reason"]
    list_select_related = ["from_account", "to_account"]
    search_fields = ["=order", "=source"]


@admin.register(models.Lot)
class LotAdmin(ReadMostlyAdmin):
    money = ("amount", "remaining")
    currency_at = ("account.unit",)
    list_display = ["id", "account", "remaining", "amount", "opened_at", "expires_at"]
    list_filter = ["expires_at"]
    list_select_related = ["account"]
    search_fields = ["=account__id", "=account__source_record__id"]
    ordering = ["-id"]


@admin.register(models.Allocation)
class AllocationAdmin(ReadMostlyAdmin):
    money = ("amount",)
    currency_at = ("lot.account.unit",)
    list_display = ["id", "entry", "lot", "amount"]
    list_select_related = ["entry", "lot__account"]
    search_fields = ["=entry__order", "=lot__id"]
    ordering = ["-id"]


@admin.register(models.Accrual)
class AccrualAdmin(ReadMostlyAdmin):
    money = ("basis", "returned_basis")
    currency_at = ("programme.currency",)
    list_display = ["order", "source_record", "basis", "points", "clawed_back", "release_at", "released_at"]
    list_filter = ["programme", ("released_at", admin.EmptyFieldListFilter)]
    list_select_related = ["source_record", "programme"]
    search_fields = ["=order"]


@admin.register(models.ClawBack)
class ClawBackAdmin(ReadMostlyAdmin):
    money = ("basis",)
    currency_at = ("accrual.programme.currency",)
    list_display = ["return_number", "accrual", "basis", "due", "taken", "made_at"]
    list_select_related = ["accrual__programme"]
    search_fields = ["=return_number", "=accrual__order"]


@admin.register(models.Hold)
class HoldAdmin(ReadMostlyAdmin):
    money = ("value",)
    currency_at = ("programme.currency",)
    list_display = ["order", "points", "value", "given_back", "state", "made_at", "ended_at"]
    list_filter = ["state"]
    list_select_related = ["programme"]
    search_fields = ["=order"]


class GiftCardForm(forms.Form):
    amount = forms.IntegerField(label=_("amount"), min_value=1)
    payment = forms.CharField(label=_("how it was paid"), max_length=200)


@admin.register(models.GiftCard)
class GiftCardAdmin(ReadMostlyAdmin):
    list_display = ["id", "last4", "balance", "issued_at", "told_at", "expires_at"]
    list_filter = [("told_at", admin.EmptyFieldListFilter)]
    list_select_related = ["account"]
    search_fields = ["=id", "=last4"]
    may_change = ("expires_at",)

    actions_list = ["issue"]

    @action(description=_("Issue a gift card"), url_path="issue", permissions=["issue"])  # type: ignore[untyped-decorator]
    def issue(self, request: HttpRequest) -> HttpResponse:
        """Ask the amount and how it was paid; the number is told on the answer, this once, and kept nowhere."""
        form = GiftCardForm(request.POST or None)
        number = ""
        if request.method == "POST" and form.is_valid():
            now, by = clock.now(), _caller_name(request)
            try:
                with transaction.atomic():
                    card = gift_cards.issue(currency=settings.DEFAULT_CURRENCY, by=by, now=now, **form.cleaned_data)
                    number = gift_cards.tell_number(gift_card_id=card.pk, now=now)
            except DomainError as refusal:
                form.add_error(None, str(refusal.message))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Issue a gift card"),
            "form": form,
            "number": number,
            "amount": money(form.cleaned_data["amount"], settings.DEFAULT_CURRENCY) if number else "",
            "back": reverse("admin:loyalty_giftcard_changelist"),
        }
        return TemplateResponse(request, "loyalty/gift_card.html", context, headers={"Cache-Control": "no-store"})

    def has_issue_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("loyalty.add_giftcard")

    @admin.display(description=_("balance"))
    def balance(self, card: models.GiftCard) -> str:
        return money(card.account.balance, card.account.unit)


@admin.register(models.Adjustment)
class AdjustmentAdmin(ReadMostlyAdmin):
    """A new one is asked for by form; above the programme's limit a second person approves or refuses it here."""

    list_display = ["id", "source_record", "points", "reason", "state", "asked_by", "asked_at", "decided_by"]
    list_filter = ["state", "needs_second"]
    list_select_related = ["source_record"]
    search_fields = ["=source_record__id", "source_record__name", "reason"]
    raw_id_fields = ["source_record"]
    actions = ["approve", "refuse"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("loyalty.add_adjustment")

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("loyalty.approve_adjustment")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ["source_record", "points", "reason"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; a refusal has rolled back the page's transaction and is told on a fresh form."""
        try:
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]
        except DomainError as refusal:
            _tell(request, refusal)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: models.Adjustment, form: Any, change: bool) -> None:
        made = rewards.adjust(
            source_record=obj.source_record_id,
            points=obj.points,
            reason=obj.reason,
            by=_caller_name(request),
            now=clock.now(),
        )
        obj.pk = made.pk

    @admin.action(description=_("Approve (a second person)"), permissions=["approve"])
    def approve(self, request: HttpRequest, chosen: QuerySet[models.Adjustment]) -> None:
        self._decide(request, chosen, rewards.approve)

    @admin.action(description=_("Refuse"), permissions=["approve"])
    def refuse(self, request: HttpRequest, chosen: QuerySet[models.Adjustment]) -> None:
        self._decide(request, chosen, rewards.refuse)

    def _decide(
        self,
        request: HttpRequest,
        chosen: QuerySet[models.Adjustment],
        decide: Callable[..., models.Adjustment],
    ) -> None:
        """Each in a transaction of its own: one that is refused holds up no other."""
        for adjustment in chosen.order_by("pk"):
            try:
                with transaction.atomic():
                    decide(adjustment_id=adjustment.pk, by=_caller_name(request), now=clock.now())
            except DomainError as refusal:
                _tell(request, refusal, str(adjustment))


def _caller_name(request: HttpRequest) -> str:
    return caller_of_user(request.user).name  # type: ignore[arg-type]


def _tell(request: HttpRequest, refusal: DomainError, about: str = "") -> None:
    messages.error(request, f"{about} {refusal.message}".strip())

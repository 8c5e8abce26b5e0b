"""Customers in the desk: one page with everything that we know of a person, and the few things to do there."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from unfold.decorators import action

from customers import models, ports
from customers.desk_words import about_link, words_of
from customers.identity import merge, part_for_good, unmerge
from customers.privacy import export, log_access
from customers.queries import MOST_FOUND, records_of, resolve, search
from customers.timeline import timeline
from omni.core import clock
from omni.core.admin import ReadMostlyAdmin
from omni.core.api.callers import caller_of_user
from omni.core.db import write
from omni.core.errors import DomainError
from omni.core.models import Channel
from omni.core.showing import table, word


def _by(request: HttpRequest) -> str:
    assert request.user.is_authenticated
    return caller_of_user(request.user).name


class ReasonForm(forms.Form):
    """Why, in a sentence, for whoever asks later."""

    reason = forms.CharField(label=_("reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class UnmergeForm(ReasonForm):
    source_records = forms.MultipleChoiceField(
        label=_("records that are somebody else"), widget=forms.CheckboxSelectMultiple
    )


@admin.register(models.Customer)
class CustomerAdmin(ReadMostlyAdmin):
    list_display = ["id", "name", "phone", "email", "language", "created_at", "merged_into"]
    list_display_links = ["id", "name"]
    list_filter = ["language", ("merged_into", admin.EmptyFieldListFilter), ("erased_at", admin.EmptyFieldListFilter)]
    list_select_related = ["merged_into"]
    search_fields = ["search_text"]
    search_help_text = _("Name, phone, its last digits, e-mail or card")
    actions = ["merge_selected", "export_selected"]
    actions_detail = ["unmerge_record"]
    exclude = ["provenance"]
    fieldsets = [
        (None, {"fields": ["name", "phone", "email", "birth_date", "language", "address", "preferences"]}),
        (_("In short"), {"fields": ["in_short"]}),
        (_("Who this is"), {"fields": ["identifiers", "source_records", "decisions", "consents"]}),
        (_("Timeline"), {"fields": ["what_happened"]}),
        (_("Record"), {"fields": ["created_at", "merged_into", "erased_at", "seen_by"]}),
    ]
    readonly_fields = ["in_short", "identifiers", "source_records", "decisions", "consents", "what_happened", "seen_by"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[models.Customer], search_term: str
    ) -> tuple[QuerySet[models.Customer], bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(pk__in=search(search_term, MOST_FOUND).order_by().values("pk")), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        customer = resolve(int(object_id)) if object_id.isdigit() else None
        if customer is not None and self.has_view_permission(request, customer):
            assert request.user.is_authenticated
            log_access(customer=customer, caller=_by(request), user=request.user, what="desk", now=clock.now())
        found: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return found

    @admin.display(description=_("identifiers"))
    def identifiers(self, customer: models.Customer) -> SafeString:
        rows = models.Identifier.objects.filter(source_record__membership__customer=customer).order_by("kind", "id")
        return table(
            [_("kind"), _("value"), _("verified"), _("until")],
            [
                (row.get_kind_display(), row.written or row.value, row.verified_at or "–", row.valid_until or "–")
                for row in rows
            ],
        )

    @admin.display(description=_("source records"))
    def source_records(self, customer: models.Customer) -> SafeString:
        rows = models.SourceRecord.objects.filter(membership__customer=customer).select_related("channel")
        return table(
            [_("channel"), _("number in the channel"), _("name"), _("told"), "#"],
            [(row.channel, row.external_id, row.name, row.created_at, row.pk) for row in rows],
        )

    @admin.display(description=_("link decisions"))
    def decisions(self, customer: models.Customer) -> SafeString:
        records = records_of(customer.pk)
        rows = models.LinkDecision.objects.filter(left__in=records) | models.LinkDecision.objects.filter(
            right__in=records
        )
        return table(
            [_("records"), _("verdict"), _("reason"), _("decided by"), _("decided")],
            [
                (
                    f"{row.left_id} – {row.right_id}",
                    row.get_verdict_display(),
                    row.reason,
                    row.decided_by,
                    row.decided_at,
                )
                for row in rows.distinct().order_by("-id")[:50]
            ],
        )

    @admin.display(description=_("consents"))
    def consents(self, customer: models.Customer) -> SafeString:
        rows = models.Consent.objects.filter(source_record__membership__customer=customer).order_by("-given_at", "-id")
        return table(
            [_("purpose"), pgettext("means", "by"), _("granted"), _("given")],
            [
                (word(row.purpose), row.get_channel_kind_display(), _("yes") if row.granted else _("no"), row.given_at)
                for row in rows[:50]
            ],
        )

    @admin.display(description=_("what happened"))
    def what_happened(self, customer: models.Customer) -> SafeString:
        """The newest of everything, of every room and channel, in words."""
        channels = dict(Channel.objects.values_list("code", "name"))
        return table(
            [_("when"), _("what"), _("channel"), _("about")],
            [
                (item.happened_at, words_of(item), channels.get(item.channel, item.channel), about_link(item))
                for item in timeline(customer.pk, None, 50)
            ],
        )

    @admin.display(description=_("in short"))
    def in_short(self, customer: models.Customer) -> SafeString:
        """What each room knows of the person, in one line each."""
        records = records_of(customer.pk)
        return table([_("what"), ""], ports.in_short(source_records=records, now=clock.now()))

    @admin.display(description=_("who looked at this customer"))
    def seen_by(self, customer: models.Customer) -> SafeString:
        rows = models.AccessLog.objects.filter(customer=customer)[:20]
        return table([_("who"), _("what"), _("when")], [(row.caller, row.what, row.seen_at) for row in rows])

    @admin.action(description=_("Merge the two selected"), permissions=["merge"])
    def merge_selected(self, request: HttpRequest, queryset: QuerySet[models.Customer]) -> HttpResponse | None:
        chosen = list(queryset.order_by("pk")[:3])
        if len(chosen) != 2:
            self.message_user(request, _("Select exactly two customers."), messages.ERROR)
            return None
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, form, _("Merge two customers"), chosen)
        try:
            with write():
                kept = merge(
                    keep=chosen[0], absorb=chosen[1], reason=form.cleaned_data["reason"], by=_by(request),
                    now=clock.now(),
                )  # fmt: skip
        except DomainError as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
            return None
        self.message_user(request, _("They are one customer now."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:customers_customer_change", args=[kept.pk]))

    @admin.action(description=_("Export all that we hold (JSON)"), permissions=["erase"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet[models.Customer]) -> HttpResponse:
        told = []
        for customer in queryset.order_by("pk")[:100]:
            assert request.user.is_authenticated
            log_access(customer=customer, caller=_by(request), user=request.user, what="export", now=clock.now())
            told.append(export(customer_id=customer.pk))
        body = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
        return HttpResponse(
            body,
            content_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="customers.json"'},
        )

    @action(description=_("Un-merge records"), permissions=["merge"], url_path="unmerge")  # type: ignore[untyped-decorator]
    def unmerge_record(self, request: HttpRequest, object_id: int) -> HttpResponse:
        if not self.has_merge_permission(request):
            raise PermissionDenied
        customer = get_object_or_404(models.Customer, pk=object_id)
        form = UnmergeForm(request.POST or None)
        records = models.SourceRecord.objects.filter(membership__customer=customer).select_related("channel")
        choices = form.fields["source_records"]
        assert isinstance(choices, forms.MultipleChoiceField)
        choices.choices = [(str(row.pk), f"#{row.pk} {row.channel} {row.name}") for row in records.order_by("pk")]
        if form.is_valid():
            try:
                parted = unmerge(
                    customer=customer, source_records=[int(told) for told in form.cleaned_data["source_records"]],
                    reason=form.cleaned_data["reason"], by=_by(request), now=clock.now(),
                )  # fmt: skip
            except DomainError as refusal:
                form.add_error(None, str(refusal.message))
            else:
                told = _("These are %(count)s customers now.") % {"count": len(parted)}
                self.message_user(request, told, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:customers_customer_change", args=[customer.pk]))
        return self._ask(request, form, _("Un-merge records"), [])

    def has_merge_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("customers.merge_customer")

    def has_erase_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("customers.erase_customer")

    def _ask(
        self, request: HttpRequest, form: forms.Form, title: Any, chosen: list[models.Customer]
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "form": form,
            "chosen": chosen,
            "action": request.POST.get("action", ""),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "customers/ask_reason.html", context)


@admin.register(models.SourceRecord)
class SourceRecordAdmin(ReadMostlyAdmin):
    list_display = ["id", "channel", "external_id", "name", "created_at"]
    list_filter = ["channel"]
    list_select_related = ["channel"]
    search_fields = ["=external_id", "name"]


@admin.register(models.Membership)
class MembershipAdmin(ReadMostlyAdmin):
    list_display = ["source_record", "customer", "first_customer"]
    list_select_related = ["source_record", "customer", "first_customer"]
    search_fields = ["=customer__id", "=source_record__id"]


@admin.register(models.Identifier)
class IdentifierAdmin(ReadMostlyAdmin):
    list_display = ["kind", "value", "source_record", "verified_at", "verified_by", "valid_from", "valid_until"]
    list_filter = ["kind", ("verified_at", admin.EmptyFieldListFilter), ("valid_until", admin.EmptyFieldListFilter)]
    list_select_related = ["source_record"]
    search_fields = ["=value"]


@admin.register(models.LinkDecision)
class LinkDecisionAdmin(ReadMostlyAdmin):
    list_display = ["id", "left", "right", "verdict", "reason", "decided_by", "decided_at"]
    list_filter = ["verdict"]
    list_select_related = ["left", "right"]
    search_fields = ["=left__id", "=right__id", "decided_by"]


@admin.register(models.ReviewPair)
class ReviewPairAdmin(ReadMostlyAdmin):
    list_display = ["id", "left", "right", "reason", "found_at", "settled_at", "settled_by"]
    list_filter = [("settled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["left", "right"]
    search_fields = ["=left__id", "=right__id"]
    actions = ["one_person", "two_people"]

    @admin.action(description=_("They are one person: merge"), permissions=["merge"])
    def one_person(self, request: HttpRequest, queryset: QuerySet[models.ReviewPair]) -> None:
        def settle(review: models.ReviewPair) -> None:
            both = models.Customer.objects.filter(memberships__source_record__in=[review.left_id, review.right_id])
            keep, absorb = [*both.order_by("pk"), *both][:2]
            merge(keep=keep, absorb=absorb, reason=str(review.reason), by=_by(request), now=clock.now())

        self._settle(request, queryset, settle)

    @admin.action(description=_("They are two people: never join them"), permissions=["merge"])
    def two_people(self, request: HttpRequest, queryset: QuerySet[models.ReviewPair]) -> None:
        self._settle(request, queryset, lambda row: part_for_good(review=row, by=_by(request), now=clock.now()))

    def has_merge_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("customers.merge_customer")

    def _settle(self, request: HttpRequest, queryset: QuerySet[models.ReviewPair], settle: Any) -> None:
        for review in queryset.filter(settled_at=None).order_by("pk"):
            try:
                settle(review)
            except DomainError as refusal:
                self.message_user(request, f"{review}: {refusal.message}", messages.ERROR)


@admin.register(models.Consent)
class ConsentAdmin(ReadMostlyAdmin):
    list_display = ["id", "source_record", "purpose", "channel_kind", "granted", "given_at"]
    list_filter = ["purpose", "channel_kind", "granted"]
    list_select_related = ["source_record"]
    search_fields = ["=source_record__id"]


@admin.register(models.SignInCode)
class SignInCodeAdmin(ReadMostlyAdmin):
    list_display = ["id", "kind", "value", "channel", "asked_at", "sent_at", "expires_at", "used_at", "wrong_tries"]
    list_filter = ["kind", "channel"]
    list_select_related = ["channel"]
    search_fields = ["=value"]
    exclude = ["fingerprint"]


@admin.register(models.CustomerFacts)
class CustomerFactsAdmin(ReadMostlyAdmin):
    list_display = ["customer", "tier", "orders_count", "first_ordered_at", "last_ordered_at"]
    list_filter = ["tier"]
    list_select_related = ["customer"]
    search_fields = ["=customer__id"]


@admin.register(models.InteractionId)
class InteractionIdAdmin(ReadMostlyAdmin):
    list_display = ["id", "channel", "event_id"]
    list_select_related = ["channel"]
    search_fields = ["=event_id"]


@admin.register(models.Interaction)
class InteractionAdmin(ReadMostlyAdmin):
    list_display = ["happened_at", "kind", "channel", "about_kind", "about", "source_record"]
    list_filter = ["channel"]
    list_select_related = ["channel", "source_record"]
    search_fields = ["=source_record__id"]
    ordering = ["-happened_at"]


@admin.register(models.AccessLog)
class AccessLogAdmin(ReadMostlyAdmin):
    list_display = ["seen_at", "caller", "what", "customer", "user"]
    list_filter = ["what"]
    list_select_related = ["customer", "user"]
    search_fields = ["=customer__id", "caller"]

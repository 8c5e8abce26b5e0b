"""Who the customer is: what each channel told us, which of it is one person, and what they allowed.

A source record and everything that hangs on it never move. Which records are one person is a set of link
decisions; the customer is the component that follows from them, and `Membership` says which one that is now.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from omni.core.models import Channel


class SearchWords(Func):
    """The words of a search text as a tsvector, split at spaces alone, so that `lan@shop.vn` stays one word."""

    template = "array_to_tsvector(array_remove(string_to_array(%(expressions)s, ' '), ''))"


class Customer(models.Model):
    """The golden record of one component; its fields are computed from the source records, `provenance` says how.

    `search_text` holds name and identifiers in lower case without diacritics, for the one search box.
    """

    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=5, default="vi")
    address = models.JSONField(_("address"), default=dict, blank=True)
    preferences = models.JSONField(_("preferences"), default=dict, blank=True)
    provenance = models.JSONField(_("where each value came from"), default=dict, blank=True)
    search_text = models.TextField(blank=True, editable=False)
    # The survivor, for a customer whose records all went elsewhere.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="absorbed", verbose_name=_("merged into")
    )
    created_at = models.DateTimeField(_("created"))
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        permissions = [("merge_customer", _("Can merge and un-merge customers")), ("erase_customer", _("Can erase"))]
        constraints = [models.CheckConstraint(name="customer_not_into_itself", condition=~Q(merged_into=F("id")))]
        # The search box: any word by its beginning, in milliseconds over millions of rows, without an extension.
        indexes = [GinIndex(SearchWords("search_text"), name="customer_search", condition=Q(merged_into=None))]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class SourceRecord(models.Model):
    """What one channel told us about somebody, as it told it; immutable (the database refuses changes)."""

    channel = models.ForeignKey(Channel, models.PROTECT, verbose_name=_("channel"))
    external_id = models.CharField(_("id in that channel"), max_length=200, null=True, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    told = models.JSONField(_("everything it told"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("source record")
        verbose_name_plural = _("source records")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                name="source_record_once_per_channel",
                condition=Q(external_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or '#'} ({self.channel_id}:{self.pk})"


class Membership(models.Model):
    """To which customer a source record belongs now: exactly one."""

    source_record = models.OneToOneField(
        SourceRecord, models.CASCADE, primary_key=True, related_name="membership", verbose_name=_("source record")
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="memberships", verbose_name=_("customer"))
    # Where the record was before any merge, so that un-merging brings that customer back; null: where it is now.
    first_customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first customer")
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")

    def __str__(self) -> str:
        return f"{self.source_record_id} -> {self.customer_id}"


class Identifier(models.Model):
    """A normalised phone, e-mail, card, social or device id that a source record gave, and when it was valid."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        EMAIL = "email", _("E-mail")
        CARD = "card", _("Loyalty card")
        SOCIAL = "social", _("Social account")
        DEVICE = "device", _("Device")

    source_record = models.ForeignKey(
        SourceRecord, models.CASCADE, related_name="identifiers", verbose_name=_("source record")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    # What is compared; `written` is the same address as the person writes it, where that differs.
    value = models.CharField(_("value"), max_length=254)
    written = models.CharField(_("as written"), max_length=254, blank=True, db_default="")
    # This record told it with proof: a code of ours, or its channel's word. `verified_at` marks the one owner.
    proven = models.BooleanField(_("told with proof"), db_default=False)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verified_by = models.CharField(_("verified how"), max_length=60, blank=True)
    valid_from = models.DateTimeField(_("from"))
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_record", "kind", "value"],
                name="identifier_once_per_record",
                condition=Q(valid_until=None),
            ),
            # One active owner: a number that goes to somebody else ends with the one before.
            models.UniqueConstraint(
                fields=["kind", "value"],
                name="verified_identifier_one_owner",
                condition=Q(valid_until=None, verified_at__isnull=False),
            ),
            models.CheckConstraint(
                name="identifier_valid_forwards", condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from"))
            ),
        ]
        indexes = [models.Index(fields=["kind", "value"], name="identifier_lookup")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"


class LinkDecision(models.Model):
    """The word that two source records are the same person or different ones; append-only, the latest counts."""

    class Verdict(models.TextChoices):
        SAME = "same", _("Same person")
        DIFFERENT = "different", _("Different people")

    # Always left < right, so that a pair has one spelling.
    left = models.ForeignKey(
        SourceRecord, models.CASCADE, related_name="+", db_index=False, verbose_name=_("one record")
    )
    right = models.ForeignKey(SourceRecord, models.CASCADE, related_name="+", verbose_name=_("other record"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    decided_by = models.CharField(_("decided by"), max_length=100)
    reason = models.CharField(_("reason"), max_length=300)
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("link decision")
        verbose_name_plural = _("link decisions")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="link_pair_ordered", condition=Q(left__lt=F("right")))]
        indexes = [models.Index(fields=["left", "right", "-id"], name="link_latest")]

    def __str__(self) -> str:
        return f"{self.left_id} – {self.right_id}: {self.get_verdict_display()}"


class ReviewPair(models.Model):
    """Two source records that may be one person: too little to join them, too much to say nothing.

    Put before a colleague, who merges them or says that they are different. `evidence` names kinds of things
    that agree or contradict, never the values.
    """

    left = models.ForeignKey(
        SourceRecord, models.CASCADE, related_name="+", db_index=False, verbose_name=_("one record")
    )
    right = models.ForeignKey(SourceRecord, models.CASCADE, related_name="+", verbose_name=_("other record"))
    reason = models.CharField(_("reason"), max_length=300)
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    found_at = models.DateTimeField(_("found"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("pair to review")
        verbose_name_plural = _("pairs to review")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="review_pair_ordered", condition=Q(left__lt=F("right"))),
            models.UniqueConstraint(fields=["left", "right"], name="review_pair_once"),
        ]
        indexes = [models.Index(fields=["-id"], name="review_open", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.left_id} ? {self.right_id}"


class Consent(models.Model):
    """What a person allowed or withdrew: purpose, channel, proof; append-only, the latest counts."""

    source_record = models.ForeignKey(
        SourceRecord, models.CASCADE, related_name="consents", db_index=False, verbose_name=_("source record")
    )
    purpose = models.CharField(_("purpose"), max_length=40)
    channel_kind = models.CharField(pgettext_lazy("means", "by"), max_length=20, choices=Channel.Kind)
    granted = models.BooleanField(_("granted"))
    proof = models.JSONField(_("proof"), default=dict)
    given_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-id"]
        indexes = [models.Index(fields=["source_record", "purpose", "channel_kind", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.purpose}/{self.get_channel_kind_display()}"


class SignInCode(models.Model):
    """A one-time code asked for a phone or e-mail. The code is made when it is sent and kept as a fingerprint."""

    kind = models.CharField(_("kind"), max_length=10, choices=[("phone", _("Phone")), ("email", _("E-mail"))])
    value = models.CharField(_("sent to"), max_length=254)
    # The same address as identifiers are compared.
    key = models.CharField(max_length=254, editable=False, default="")
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE, verbose_name=_("asked through"))
    asked_at = models.DateTimeField(_("asked"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    wrong_tries = models.PositiveSmallIntegerField(_("wrong tries"), default=0)

    class Meta:
        verbose_name = _("sign-in code")
        verbose_name_plural = _("sign-in codes")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="sign_in_code_five_tries", condition=Q(wrong_tries__lte=5))]
        indexes = [models.Index(fields=["kind", "key", "-id"], name="sign_in_code_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.asked_at:%Y-%m-%d %H:%M}"


class CustomerFacts(models.Model):
    """What rules may know of a customer; one row, written by the rooms that know it.

    `totals` are minor units by currency. `ordered` and sums are orders' word, `tier` is loyalty's.
    """

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="facts", verbose_name=_("customer")
    )
    segments = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("segments"))
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    orders_count = models.PositiveIntegerField(_("orders"), default=0)
    first_ordered_at = models.DateTimeField(_("first order"), null=True, blank=True)
    last_ordered_at = models.DateTimeField(_("last order"), null=True, blank=True)
    totals = models.JSONField(_("bought for"), default=dict, blank=True)

    class Meta:
        verbose_name = _("customer facts")
        verbose_name_plural = _("customer facts")
        indexes = [GinIndex(fields=["segments"], name="facts_segments")]

    def __str__(self) -> str:
        return f"#{self.customer_id}"


class InteractionId(models.Model):
    """An event id that was taken, once a channel; beside the partitioned table, which cannot hold this rule."""

    channel = models.ForeignKey(Channel, models.CASCADE, db_index=False)
    event_id = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("interaction id")
        verbose_name_plural = _("interaction ids")
        constraints = [models.UniqueConstraint(fields=["channel", "event_id"], name="interaction_taken_once")]

    def __str__(self) -> str:
        return self.event_id


class Interaction(models.Model):
    """One thing that happened between a customer and the retailer. Partitioned by month of `happened_at`;
    the table is made in SQL (0002), its key is (happened_at, id)."""

    id = models.BigIntegerField(primary_key=True)
    happened_at = models.DateTimeField(_("when"))
    source_record = models.ForeignKey(
        SourceRecord, models.DO_NOTHING, related_name="interactions", verbose_name=_("source record")
    )
    channel = models.ForeignKey(Channel, models.DO_NOTHING, verbose_name=_("channel"))
    kind = models.CharField(_("what"), max_length=40)
    # What it was about, as (kind, number): ("order", "W-1042"), ("variant", "AO-THUN-M").
    about_kind = models.CharField(_("about"), max_length=40, blank=True)
    about = models.CharField(_("which"), max_length=200, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        managed = False
        db_table = "customers_interaction"
        verbose_name = _("interaction")
        verbose_name_plural = _("timeline")

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


class AccessLog(models.Model):
    """Who looked at whom, when and why it was possible; kept for the customer who asks."""

    customer = models.ForeignKey(Customer, models.CASCADE, db_index=False, verbose_name=_("customer"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("colleague")
    )
    caller = models.CharField(_("caller"), max_length=100)
    what = models.CharField(_("what"), max_length=60)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access log")
        ordering = ["-id"]
        indexes = [models.Index(fields=["customer", "-id"], name="access_of_customer")]

    def __str__(self) -> str:
        return f"{self.caller} {self.what}"

"""The floor that every room stands on: channels, locations, callers, the outbox, repeated requests, imports."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _


def both_languages(vi: str, en: str) -> str:
    """The text in the reader's language, falling back to the other one where it is empty."""
    wanted, other = (vi, en) if (translation.get_language() or "vi").startswith("vi") else (en, vi)
    return wanted or other


class Location(models.Model):
    """A store or a warehouse: what can be sold, collected or sent from there, and when it is open."""

    class Kind(models.TextChoices):
        STORE = "store", _("Store")
        WAREHOUSE = "warehouse", _("Warehouse")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    address = models.CharField(_("address"), max_length=400, blank=True)
    province = models.CharField(_("province"), max_length=100, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Ho_Chi_Minh")
    # {"mon": ["08:00", "21:30"], ...}; a missing day is closed.
    opening_hours = models.JSONField(_("opening hours"), default=dict, blank=True)
    can_pick_up = models.BooleanField(_("pick-up"), default=False)
    can_curbside = models.BooleanField(_("curbside"), default=False)
    can_ship = models.BooleanField(_("ships"), default=False)
    pickup_days = models.PositiveSmallIntegerField(_("days an order waits for pick-up"), default=7)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """Where a customer meets the retailer, and the adapter that speaks to that place."""

    class Kind(models.TextChoices):
        STORE = "store", _("Store")
        WEB = "web", _("Website")
        APP = "app", _("App")
        CALL_CENTER = "call_center", _("Call centre")
        SOCIAL = "social", _("Social media")
        MARKETPLACE = "marketplace", _("Marketplace")
        KIOSK = "kiosk", _("Kiosk")
        VOICE = "voice", _("Voice")
        CHAT = "chat", _("Chat")
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")
        PUSH = "push", _("Push")
        CRM = "crm", _("CRM")

    class Stage(models.TextChoices):
        PILOT = "pilot", _("Pilot")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.LIVE)
    # A name in omni.channels.adapters.ADAPTERS; empty: nothing is pushed there.
    adapter = models.CharField(_("adapter"), max_length=40, blank=True)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    can_sell = models.BooleanField(_("sells"), default=False)
    can_show = models.BooleanField(_("shows the catalog"), default=False)
    can_message = models.BooleanField(_("carries messages"), default=False)
    # Whose word on a customer's name or address wins, all else equal; higher wins.
    trust = models.PositiveSmallIntegerField(_("trust in its customer data"), default=50)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Token(models.Model):
    """A bearer token, kept as a fingerprint: a channel's key, a customer's or a colleague's sign-in."""

    class Kind(models.TextChoices):
        CHANNEL = "channel", _("Channel key")
        CUSTOMER = "customer", _("Customer token")
        STAFF = "staff", _("Staff token")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE, null=True, blank=True, verbose_name=_("channel"))
    location = models.ForeignKey(Location, models.CASCADE, null=True, blank=True, verbose_name=_("location"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, verbose_name=_("colleague")
    )
    # The number of the source record that a customer token speaks for; checked by the audit.
    source_record = models.BigIntegerField(_("source record"), null=True, blank=True, db_index=True)
    rights = models.JSONField(_("rights"), default=list, blank=True)
    label = models.CharField(_("label"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("key or token")
        verbose_name_plural = _("keys and tokens")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="token_names_its_caller",
                condition=Q(kind="channel", channel__isnull=False, user=None, source_record=None)
                | Q(kind="customer", source_record__isnull=False, user=None)
                | Q(kind="staff", user__isnull=False, source_record=None),
            )
        ]

    def __str__(self) -> str:
        return self.label or f"{self.get_kind_display()} {self.pk}"


class StaffPlace(models.Model):
    """At which locations a colleague works; none at all means every location for those whose role says so."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="places", db_index=False, verbose_name=_("colleague")
    )
    location = models.ForeignKey(Location, models.CASCADE, verbose_name=_("location"))

    class Meta:
        verbose_name = _("place of work")
        verbose_name_plural = _("places of work")
        constraints = [models.UniqueConstraint(fields=["user", "location"], name="staff_place_once")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.location}"


class OutboxMessage(models.Model):
    """A change, written in the transaction that made it; the relay tells the world and the hearers of it.

    `kind` is what happened (`offer.changed`), `key` to what (a SKU, an order number), `version` rises with the
    state where there is one. The payload holds references, never a code, token or anything personal.
    """

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("key"), max_length=200)
    version = models.BigIntegerField(_("version"), default=0)
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"))
    # When the relay had told everybody; null while it waits.
    relayed_at = models.DateTimeField(_("relayed"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    retry_at = models.DateTimeField(_("not before"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        ordering = ["-id"]
        indexes = [
            # The relay's queue: what waits, oldest first, and nothing else in the index.
            models.Index(fields=["id"], name="outbox_waiting", condition=Q(relayed_at=None)),
            models.Index(fields=["kind", "key"], name="outbox_of_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Hearing(models.Model):
    """One hearer has heard one message: its effect and this row are one transaction, so it happens once."""

    message = models.ForeignKey(OutboxMessage, models.CASCADE, db_index=False, verbose_name=_("message"))
    hearer = models.CharField(_("hearer"), max_length=100)
    heard_at = models.DateTimeField(_("heard"))

    class Meta:
        verbose_name = _("hearing")
        verbose_name_plural = _("hearings")
        constraints = [models.UniqueConstraint(fields=["message", "hearer"], name="heard_once")]

    def __str__(self) -> str:
        return f"{self.hearer} <- {self.message_id}"


class KeptAnswer(models.Model):
    """The first answer to a request with an Idempotency-Key, told again to every repeat."""

    caller = models.CharField(_("caller"), max_length=80)
    method = models.CharField(_("method"), max_length=8)
    path = models.CharField(_("path"), max_length=300)
    key = models.CharField(_("key"), max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(_("status"))
    body = models.TextField(_("body"))
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["caller", "method", "path", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"


class RateCounter(models.Model):
    """How often something was tried in one window of real time."""

    bucket = models.CharField(_("bucket"), max_length=120)
    window = models.BigIntegerField(_("window"))
    hits = models.PositiveIntegerField(_("hits"), default=0)

    class Meta:
        verbose_name = _("rate counter")
        verbose_name_plural = _("rate counters")
        constraints = [models.UniqueConstraint(fields=["bucket", "window"], name="rate_counter_once")]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.hits}"


class ShopClock(models.Model):
    """How far the business clock of a demo is ahead; one row."""

    ahead = models.DurationField(_("ahead"))

    class Meta:
        verbose_name = _("shop clock")
        verbose_name_plural = _("shop clock")
        constraints = [models.CheckConstraint(name="one_shop_clock", condition=Q(pk=1))]

    def __str__(self) -> str:
        return str(self.ahead)


class ImportRun(models.Model):
    """One file taken in: what was read, taken, refused, and how far it has come."""

    class State(models.TextChoices):
        STAGING = "staging", _("Reading the file")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    kind = models.CharField(_("kind"), max_length=60)
    file_name = models.CharField(_("file"), max_length=300)
    file_hash = models.CharField(_("SHA-256 of the file"), max_length=64)
    options = models.JSONField(_("options"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STAGING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("started by")
    )
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    step = models.CharField(_("step"), max_length=100, blank=True)
    rows_total = models.BigIntegerField(_("rows to go through"), default=0)
    rows_done = models.BigIntegerField(_("rows gone through"), default=0)
    rows_taken = models.BigIntegerField(_("rows taken"), default=0)
    rows_refused = models.BigIntegerField(_("rows refused"), default=0)
    result = models.JSONField(_("result"), default=dict, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="import_loses_no_row",
                condition=~Q(state="done") | Q(rows_total=F("rows_taken") + F("rows_refused")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name}"


class ImportProblem(models.Model):
    """A row that was not taken (`refused`), or was taken with a remark: row, column, code."""

    run = models.ForeignKey(
        ImportRun, models.CASCADE, related_name="problems", db_index=False, verbose_name=_("import")
    )
    row = models.BigIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=100, blank=True)
    code = models.CharField(_("code"), max_length=60)
    value = models.CharField(_("value"), max_length=300, blank=True)
    refused = models.BooleanField(_("refused"), default=True)

    class Meta:
        verbose_name = _("import problem")
        verbose_name_plural = _("import problems")
        ordering = ["run", "row"]
        constraints = [models.UniqueConstraint(fields=["run", "row", "column", "code"], name="import_problem_once")]

    def __str__(self) -> str:
        return f"{self.row} {self.column} {self.code}"


def channel_rights(kind: str) -> list[str]:
    """What a new key of a channel of this kind may do beyond its own orders."""
    rights: dict[str, list[str]] = {
        Channel.Kind.STORE: ["customers.search", "fulfilments.handle", "loyalty.gift_cards"],
        Channel.Kind.CALL_CENTER: ["customers.search"],
        Channel.Kind.CRM: ["customers.search"],
    }
    return list(rights.get(kind, []))

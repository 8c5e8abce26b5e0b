"""Gift cards: accounts in a currency that whoever holds the number may spend."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models.ledger import Account


class GiftCard(models.Model):
    """A gift card: an account in a currency, found by the fingerprint of its number.

    `last4` is chosen when the card is issued. The rest of the number is made when it is told, once, and is then
    known to nobody here: `fingerprint` is empty until that moment.
    """

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

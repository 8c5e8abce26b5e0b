"""Gift cards: whoever knows the number may spend what is on it.

A number has sixteen letters and digits in four groups: eleven random ones, one that checks the rest (so a typing
error is told apart from a wrong card before anything is asked), and the last four, which stand on receipts. That
is 74 random bits. The number is made when it is told, once, and kept only as a fingerprint.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from loyalty.ledger.accounts import lock_accounts, shop_account
from loyalty.ledger.posting import Transfer, post
from loyalty.models import Account, Entry, GiftCard
from omni.core.db import lock, write
from omni.core.errors import Conflict, NotFound, Unprocessable
from omni.core.secrets import ALPHABET, fingerprint, new_code


class BadAmount(Unprocessable):
    code = "bad_amount"
    message = _("An amount is a whole number above 0.")


class GiftCardUnknown(NotFound):
    """The answer to every number that is no living card of ours, whatever is wrong with it."""

    code = "gift_card_unknown"
    message = _("We do not know this gift card. Check the number.")


class GiftCardShort(Conflict):
    """`details`: `requested` and `available`."""

    code = "gift_card_short"
    message = _("There is not enough on this gift card.")


class AlreadyTold(Conflict):
    code = "already_told"
    message = _("The number of this card was told already and is not kept.")


class OverRefund(Conflict):
    """`details.left`: how much of what was spent can still come back."""

    code = "over_refund"
    message = _("More would come back than was spent from this card.")


@dataclass(frozen=True, slots=True)
class CardBalance:
    """What is on a card now, minor units; nothing once it has ended."""

    last4: str
    balance: int
    currency: str
    expires_at: datetime | None


def issue(
    *, amount: int, currency: str, by: str, now: datetime, payment: str = "", expires_at: datetime | None = None
) -> GiftCard:
    """A new card with `amount` minor units on it; its number is told apart (`tell_number`). `payment` says in
    words how it was paid. Raises BadAmount."""
    if amount <= 0:
        raise BadAmount(param="amount")
    with write():
        account = Account.objects.create(kind=Account.Kind.GIFT_CARD, unit=currency)
        card = GiftCard.objects.create(account=account, last4=new_code(4), issued_at=now, expires_at=expires_at)
        loaded = Transfer(
            shop_account(kind="issued", currency=currency),
            account.pk,
            amount,
            Entry.Reason.LOAD,
            ("gift_card", str(card.pk)),
            by,
            note=payment,
        )
        post(transfers=[loaded], now=now)
        account.refresh_from_db(fields=["balance"])
        return card


def tell_number(*, gift_card_id: int, now: datetime) -> str:
    """Make and return the number of a card, this once. Raises NotFound and AlreadyTold."""
    with write():
        card = GiftCard.objects.filter(pk=gift_card_id).first()
        if card is None:
            raise NotFound
        secret = new_code(11)
        number = secret + _check(secret + card.last4) + card.last4
        told = GiftCard.objects.filter(pk=card.pk, told_at=None).update(
            told_at=now, fingerprint=fingerprint("gift-card", number)
        )
        if not told:
            raise AlreadyTold
        return "-".join(number[at : at + 4] for at in range(0, 16, 4))


def balance(number: str, *, now: datetime) -> CardBalance:
    """What is on the card with this number. Raises GiftCardUnknown, and takes as long to do so."""
    card = _find(number)
    if card is None:
        raise GiftCardUnknown(param="number")
    there = 0 if _ended(card, now) else card.account.balance
    return CardBalance(card.last4, there, card.account.unit, card.expires_at)


def spend(
    *, number: str, amount: int, order: str, by: str, now: datetime, currency: str = "", payment: str = ""
) -> GiftCard:
    """Pay `amount` minor units of an order from a card.

    Once for a `payment` (its number), or for the order where none is told: a repeat takes nothing more. Raises
    BadAmount, GiftCardUnknown (also for a card of another currency) and GiftCardShort. Locks the card's account.
    """
    if amount <= 0:
        raise BadAmount(param="amount")
    with write():
        card = _find(number)
        if card is None or (currency and card.account.unit != currency):
            raise GiftCardUnknown(param="number")
        source = ("payment", payment) if payment else ("order", order)
        there = lock_accounts([card.account_id])[card.account_id]
        if _spent(card).filter(source_kind=source[0], source=source[1]).exists():
            return card
        available = 0 if _ended(card, now) else there
        if available < amount:
            raise GiftCardShort(details={"requested": amount, "available": available})
        redeemed = shop_account(kind="redeemed", currency=card.account.unit)
        spent = Transfer(card.account_id, redeemed, amount, Entry.Reason.CAPTURE, source, by, order)
        post(transfers=[spent], now=now)
        return card


def refund(
    *, gift_card_id: int, amount: int, source: tuple[str, str], by: str, now: datetime, order: str = ""
) -> GiftCard:
    """Bring money that a card paid back to it, also to one that has ended since, which a manager can then prolong.

    Once for a `source`. Raises BadAmount, NotFound and OverRefund. Locks the card, then its account.
    """
    if amount <= 0:
        raise BadAmount(param="amount")
    with write():
        card = next(iter(lock(GiftCard.objects.select_related("account").filter(pk=gift_card_id))), None)
        if card is None:
            raise NotFound
        lock_accounts([card.account_id])
        given = Entry.objects.filter(to_account=card.account_id, reason=Entry.Reason.GIVE_BACK)
        if given.filter(source_kind=source[0], source=source[1]).exists():
            return card
        left = _total(_spent(card)) - _total(given)
        if amount > left:
            raise OverRefund(details={"left": left})
        redeemed = shop_account(kind="redeemed", currency=card.account.unit)
        back = Transfer(redeemed, card.account_id, amount, Entry.Reason.GIVE_BACK, source, by, order)
        post(transfers=[back], now=now)
        return card


def _find(number: str) -> GiftCard | None:
    plain = "".join(letter for letter in number.upper() if letter.isalnum())
    # Looked up whatever it looks like, so that a malformed number is answered no sooner than a wrong one.
    card = GiftCard.objects.select_related("account").filter(fingerprint=fingerprint("gift-card", plain)).first()
    if len(plain) != 16 or not set(plain) <= set(ALPHABET):
        return None
    return card if secrets.compare_digest(plain[11], _check(plain[:11] + plain[12:])) else None


def _check(text: str) -> str:
    """A check letter: the alphabet has 31 letters, a prime, so weighting each place finds every single wrong
    letter and every two that changed places."""
    total = sum(place * ALPHABET.index(letter) for place, letter in enumerate(text, start=1))
    return ALPHABET[total % len(ALPHABET)]


def _ended(card: GiftCard, now: datetime) -> bool:
    return card.expires_at is not None and card.expires_at <= now


def _spent(card: GiftCard) -> QuerySet[Entry]:
    return Entry.objects.filter(from_account=card.account_id, reason=Entry.Reason.CAPTURE)


def _total(entries: QuerySet[Entry]) -> int:
    return int(entries.aggregate(total=Sum("amount"))["total"] or 0)

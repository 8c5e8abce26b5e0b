"""One ledger for points, gift cards and store credit.

A member's accounts belong to a source record and never move; a customer has what all their records have, so a
merge or un-merge needs no posting. An entry moves an amount from one account to another, so every sum is zero.
"""

from loyalty.models.cards import GiftCard
from loyalty.models.ledger import Account, Allocation, Entry, Lot
from loyalty.models.programme import MemberTier, Programme, Reward, Tier
from loyalty.models.reasons import Accrual, Adjustment, ClawBack, Hold

__all__ = [
    "Account",
    "Accrual",
    "Adjustment",
    "Allocation",
    "ClawBack",
    "Entry",
    "GiftCard",
    "Hold",
    "Lot",
    "MemberTier",
    "Programme",
    "Reward",
    "Tier",
]

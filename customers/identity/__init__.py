"""Whose it is: identify, merge and un-merge."""

from customers.identity.identify import Claim, Identified, add_record, identify
from customers.identity.merging import NotMergeable, NotTheirs, merge, part_for_good, unmerge

__all__ = [
    "Claim",
    "Identified",
    "NotMergeable",
    "NotTheirs",
    "add_record",
    "identify",
    "merge",
    "part_for_good",
    "unmerge",
]

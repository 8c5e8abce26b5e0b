"""A line of the timeline as the desk says it."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from customers.ports import TimelineItem
from omni.core.showing import word

KINDS: dict[str, Promise] = {
    "call": _("Called"),
    "campaign_click": _("Followed a link of a campaign"),
    "cart_abandoned": _("Left a cart behind"),
    "chat": _("Wrote in the chat"),
    "complaint": _("Complained"),
    "email_click": _("Followed a link in an e-mail"),
    "email_open": _("Opened an e-mail"),
    "page_view": _("Looked at a page"),
    "product_view": _("Looked at a product"),
    "review": _("Wrote a review"),
    "search": _("Searched"),
    "store_visit": _("Came to a store"),
    "view": _("Looked at"),
    "visit": _("Visited"),
}


def words_of(item: TimelineItem) -> str:
    """What happened: the room's own words, else those of the kind, else its letters."""
    plain = item.kind.replace(".", "_")
    return item.words or str(KINDS.get(plain) or word(item.kind).capitalize())


def about_link(item: TimelineItem) -> SafeString | str:
    """What it was about; the search box knows where a number leads."""
    if not item.about:
        return ""
    address = f"{reverse('admin:find')}?{urlencode({'q': item.about})}"
    return format_html('<a class="text-link" href="{}">{}</a>', address, item.about)

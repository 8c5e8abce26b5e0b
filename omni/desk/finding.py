"""Find anything from one box: phone, e-mail, card, name without diacritics, order number, SKU, GTIN."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from catalog.search import search as search_variants
from customers import normalise
from customers.models import Customer, Identifier
from customers.queries import search as search_customers
from omni.core.api.callers import caller_of_user
from omni.core.errors import DomainError
from omni.core.models import both_languages
from omni.core.money import show
from omni.core.text import fold
from omni.reports.figures import language
from orders.models import Order
from orders.queries import visible_orders

LIMIT = 20
Reader = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    words: str
    link: str


@dataclass(frozen=True, slots=True)
class Group:
    title: Promise
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Found:
    """One address to open at once (`exact`), or groups of hits."""

    exact: str = ""
    groups: Sequence[Group] = ()


def find(*, text: str, user: Reader, now: datetime) -> Found:
    """What `text` may mean, of the things this colleague may see. Looks up whole values first: an order number,
    SKU, GTIN, card, phone or e-mail that names one thing alone opens it."""
    if not text:
        return Found()
    exact = _exact(text, user, now)
    if exact:
        return Found(exact=exact)
    groups = []
    if user.has_perm("customers.view_customer"):
        groups.append(Group(_("Customers"), _customers(text)))
    if user.has_perm("orders.view_order"):
        groups.append(Group(_("Orders"), _orders(text, user)))
    if user.has_perm("catalog.view_variant"):
        groups.append(Group(_("Products"), _variants(text)))
    return Found(groups=[group for group in groups if group.hits])


def page_of(model: str, key: int) -> str:
    """The admin page of a thing: `page_of("orders_order", 7)`."""
    return reverse(f"admin:{model}_change", args=[key])


def _exact(text: str, user: Reader, now: datetime) -> str:
    if user.has_perm("orders.view_order"):
        keys = list(
            Order.objects.filter(Q(number=text) | Q(number=text.upper()) | Q(external_id=text)).values_list(
                "pk", flat=True
            )[:2]
        )
        if len(keys) == 1:
            return _order_page(keys[0], user)
    if user.has_perm("catalog.view_variant"):
        variants = Variant.objects.filter(Q(sku=text) | Q(sku=text.upper()) | Q(gtin=text))
        keys = list(variants.values_list("pk", flat=True)[:2])
        if len(keys) == 1:
            return page_of("catalog_variant", keys[0])
    if user.has_perm("customers.view_customer"):
        customers = _customers_of_identifier(text, now)
        if len(customers) == 1:
            return page_of("customers_customer", customers.pop())
    return ""


def _order_page(key: int, user: Reader) -> str:
    """The order's page; of an order of other stores only where its goods are taken back, which may be anywhere."""
    assert isinstance(user, User)
    if not visible_orders(caller_of_user(user)).filter(pk=key).exists() and user.has_perm("orders.add_return"):
        return reverse("admin:orders_order_step", args=[key, "return", 0])
    return page_of("orders_order", key)


def _customers_of_identifier(text: str, now: datetime) -> set[int]:
    """Whose phone, e-mail or card this is now."""
    meant = Q(kind=Identifier.Kind.CARD, value=text)
    for kind, normal in ((Identifier.Kind.PHONE, normalise.phone), (Identifier.Kind.EMAIL, normalise.email)):
        try:
            meant |= Q(kind=kind, value=normal(text))
        except DomainError:
            continue
    rows = Identifier.objects.filter(meant).filter(Q(valid_until=None) | Q(valid_until__gt=now))
    return set(rows.values_list("source_record__membership__customer_id", flat=True)[:50]) - {None}


def _customers(text: str) -> list[Hit]:
    return [_customer_hit(customer) for customer in search_customers(text, LIMIT)]


def _customer_hit(customer: Customer) -> Hit:
    words = " · ".join(part for part in (customer.phone, customer.email) if part)
    return Hit(str(customer), words, page_of("customers_customer", customer.pk))


def _orders(text: str, user: Reader) -> list[Hit]:
    assert isinstance(user, User)
    rows = (
        visible_orders(caller_of_user(user))
        .filter(Q(number__startswith=text.upper()) | Q(external_id=text))
        .select_related("channel")
    )
    return [
        Hit(
            title=order.number,
            words=f"{order.channel} · {order.get_status_display()} · {show(order.total, order.currency, language())}",
            link=page_of("orders_order", order.pk),
        )
        for order in rows[:LIMIT]
    ]


def _variants(text: str) -> list[Hit]:
    rows = search_variants(fold(text), LIMIT).select_related("product")
    return [
        Hit(
            title=both_languages(variant.product.name_vi, variant.product.name_en),
            words=" · ".join([variant.sku, *(str(value) for value in variant.options.values())]),
            link=page_of("catalog_variant", variant.pk),
        )
        for variant in rows
    ]

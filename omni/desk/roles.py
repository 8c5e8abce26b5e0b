"""The roles of the shop: which Django permissions each has. A colleague may have several."""

from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext_noop

from omni.core.db import write
from omni.reports.access import PERMISSION as READ_REPORTS


def _may(app: str, verbs: str, *models: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for verb in verbs.split() for model in models}


_CATALOG = ("category", "product", "variant", "price", "promotion", "coupon", "offer", "stocklevel")
_ORDER = (
    "order",
    "orderline",
    "orderevent",
    "fulfilment",
    "fulfilmentline",
    "payment",
    "return",
    "returnline",
    "refund",
)
_RETURN = ("return", "returnline", "refund")
_PERSON = ("customer", "sourcerecord", "membership", "identifier", "consent", "interaction", "customerfacts")
_LEDGER = ("programme", "tier", "membertier", "reward", "account", "entry", "lot", "allocation", "hold", "giftcard")
_POSTING = ("accrual", "clawback", "adjustment")

_LOOK_AT_SHOP = (
    _may("catalog", "view", *_CATALOG)
    | _may("orders", "view", *_ORDER, *_RETURN, "cart", "cartline", "quote", "orderexception")
    | _may("customers", "view", *_PERSON)
    | _may("loyalty", "view", *_LEDGER, *_POSTING)
    | _may("core", "view", "location", "channel")
)
_SELL = (
    _may("orders", "add change", "order", "cart", "fulfilment")
    | _may("orders", "add", "payment", "return")
    | _may("customers", "add change", "customer")
    | _may("customers", "add", "consent", "interaction")
    | _may("loyalty", "add change", "giftcard")
)
_LOOK_AT_CHANNELS = _may(
    "channels", "view", "delivery", "externalid", "inboundevent", "inboundorder", "drift", "channelhealth"
)

_CLERK = _LOOK_AT_SHOP | _SELL
_MANAGER = (
    _CLERK
    | {READ_REPORTS, "orders.unlock_pickup", "loyalty.approve_adjustment"}
    | _may("orders", "change", "orderexception", "payment")
    | _may("orders", "view", "pickupcode", "handoff", "historyadjustment")
    | _may("catalog", "view add", "movement")
    | _may("catalog", "view", "reservation", "couponuse")
    | _may("catalog", "change", "stocklevel")
    | _may("loyalty", "add", "entry", "adjustment")
    | _may("core", "view", "staffplace")
)
_SUPPORT = (
    _CLERK
    | {"customers.merge_customer"}
    | _may("orders", "change", "orderexception", "payment")
    | _may("customers", "view", "linkdecision", "reviewpair", "accesslog", "signincode")
    | _may("loyalty", "add", "entry", "adjustment")
)
_MERCHANDISER = (
    _may("catalog", "view add change", *_CATALOG)
    | _may("catalog", "view", "movement", "reservation", "couponuse", "dueoffer")
    | _may("core", "view", "location", "channel", "importrun", "importproblem")
    | _LOOK_AT_CHANNELS
    | {READ_REPORTS}
)
_ANALYST = (
    _LOOK_AT_SHOP
    | _LOOK_AT_CHANNELS
    | {READ_REPORTS}
    | _may("catalog", "view", "movement", "reservation", "couponuse")
    | _may("orders", "view", "historyadjustment")
    | _may("core", "view", "staffplace", "importrun", "importproblem")
)
_OPERATOR = (
    _LOOK_AT_SHOP
    | _LOOK_AT_CHANNELS
    | {READ_REPORTS, "customers.merge_customer", "customers.erase_customer", "orders.unlock_pickup"}
    | _may("catalog", "view", "movement", "reservation", "couponuse", "dueoffer")
    | _may("channels", "change", "delivery", "drift", "channelhealth")
    | _may("core", "view add change", "location", "channel", "token", "staffplace")
    | _may("core", "delete", "staffplace")
    | _may("core", "view", "outboxmessage", "hearing", "keptanswer", "ratecounter", "shopclock")
    | _may("core", "view", "importrun", "importproblem")
    | _may("customers", "view", "linkdecision", "reviewpair", "accesslog", "signincode", "interactionid")
    | _may("orders", "view", "pickupcode", "handoff", "historyadjustment")
    | _may("loyalty", "view add change", "programme", "tier", "reward")
    | _may("auth", "view add change", "user")
    | _may("auth", "view", "group")
)

# Names are kept in English in the database and shown in the reader's language.
ROLES: dict[str, set[str]] = {
    gettext_noop("Store clerk"): _CLERK,
    gettext_noop("Store manager"): _MANAGER,
    gettext_noop("Support"): _SUPPORT,
    gettext_noop("Merchandiser"): _MERCHANDISER,
    gettext_noop("Analyst"): _ANALYST,
    gettext_noop("Operator"): _OPERATOR,
}


class UnknownPermission(RuntimeError):
    """A role names a permission that no model has."""


def ensure_roles() -> dict[str, Group]:
    """Make the groups of ROLES and give each exactly its permissions; the same however often it runs.

    Raises UnknownPermission where a role names one that does not exist.
    """
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    missing = sorted(set().union(*ROLES.values()) - known.keys())
    if missing:
        raise UnknownPermission(", ".join(missing))
    with write():
        groups = {}
        for name, permissions in ROLES.items():
            group, _made = Group.objects.get_or_create(name=name)
            group.permissions.set([known[permission] for permission in permissions])
            groups[name] = group
    return groups

"""The kinds of promotions. A new one is one file here, one line in KINDS and its test; all of them are pure."""

from catalog.pricing.values import Kind
from catalog.promotions.amount_off import AmountOff
from catalog.promotions.bundle import Bundle
from catalog.promotions.buy_x_get_y import BuyXGetY
from catalog.promotions.fixed_price import FixedPrice
from catalog.promotions.free_delivery import FreeDelivery
from catalog.promotions.n_for_price import NForPrice
from catalog.promotions.order_amount_off import OrderAmountOff
from catalog.promotions.percent_off import PercentOff
from catalog.promotions.quantity_tiers import QuantityTiers
from catalog.promotions.spend_threshold import SpendThreshold

KINDS: dict[str, type[Kind]] = {
    kind.name: kind
    for kind in (
        PercentOff,
        AmountOff,
        FixedPrice,
        OrderAmountOff,
        QuantityTiers,
        BuyXGetY,
        NForPrice,
        Bundle,
        SpendThreshold,
        FreeDelivery,
    )
}

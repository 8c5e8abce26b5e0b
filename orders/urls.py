"""Addresses of this room."""

from django.urls import URLPattern, path

from orders.views import carts, fulfilments, orders, quotes

urlpatterns: list[URLPattern] = [
    path("quotes", quotes.QuotesView.as_view(), name="quotes"),
    path("quotes/<uuid:quote_id>", quotes.QuoteView.as_view(), name="quote"),
    path("carts", carts.CartsView.as_view(), name="carts"),
    path("carts/resume", carts.CartResumeView.as_view(), name="cart-resume"),
    path("carts/<uuid:cart_id>", carts.CartView.as_view(), name="cart"),
    path("carts/<uuid:cart_id>/lines/<path:sku>", carts.CartLineView.as_view(), name="cart-line"),
    path("carts/<uuid:cart_id>/coupons", carts.CartCouponsView.as_view(), name="cart-coupons"),
    path("carts/<uuid:cart_id>/coupons/<str:code>", carts.CartCouponView.as_view(), name="cart-coupon"),
    path("carts/<uuid:cart_id>/customer", carts.CartCustomerView.as_view(), name="cart-customer"),
    path("carts/<uuid:cart_id>/fulfilment", carts.CartFulfilmentView.as_view(), name="cart-fulfilment"),
    path("carts/<uuid:cart_id>/handoff", carts.CartHandoffView.as_view(), name="cart-handoff"),
    path("orders", orders.OrdersListView.as_view(), name="orders"),
    path("channel-orders", orders.ChannelOrdersView.as_view(), name="channel-orders"),
    path("orders/<str:number>", orders.OrderView.as_view(), name="order"),
    path("orders/<str:number>/cancel", orders.CancelView.as_view(), name="order-cancel"),
    path("orders/<str:number>/edit", orders.EditView.as_view(), name="order-edit"),
    path("orders/<str:number>/payments", orders.PaymentsView.as_view(), name="order-payments"),
    path("orders/<str:number>/returns", orders.ReturnsView.as_view(), name="order-returns"),
    path("payments/<int:payment_id>/confirm", orders.ConfirmPaymentView.as_view(), name="payment-confirm"),
    path("fulfilments", fulfilments.FulfilmentsView.as_view(), name="fulfilments"),
    path("fulfilments/<int:fulfilment_id>/accept", fulfilments.AcceptView.as_view(), name="fulfilment-accept"),
    path("fulfilments/<int:fulfilment_id>/pick", fulfilments.PickView.as_view(), name="fulfilment-pick"),
    path("fulfilments/<int:fulfilment_id>/pack", fulfilments.PackView.as_view(), name="fulfilment-pack"),
    path("fulfilments/<int:fulfilment_id>/ready", fulfilments.ReadyView.as_view(), name="fulfilment-ready"),
    path("fulfilments/<int:fulfilment_id>/ship", fulfilments.ShipView.as_view(), name="fulfilment-ship"),
    path("fulfilments/<int:fulfilment_id>/deliver", fulfilments.DeliverView.as_view(), name="fulfilment-deliver"),
    path("fulfilments/<int:fulfilment_id>/fail", fulfilments.FailView.as_view(), name="fulfilment-fail"),
    path("fulfilments/<int:fulfilment_id>/reject", fulfilments.RejectView.as_view(), name="fulfilment-reject"),
    path(
        "fulfilments/<int:fulfilment_id>/substitute",
        fulfilments.SubstituteView.as_view(),
        name="fulfilment-substitute",
    ),
    path("fulfilments/<int:fulfilment_id>/extend", fulfilments.ExtendView.as_view(), name="fulfilment-extend"),
    path("fulfilments/<int:fulfilment_id>/code", fulfilments.CodeView.as_view(), name="fulfilment-code"),
    path("fulfilments/<int:fulfilment_id>/collect", fulfilments.CollectView.as_view(), name="fulfilment-collect"),
    path("fulfilments/<int:fulfilment_id>/arrived", fulfilments.ArrivedView.as_view(), name="fulfilment-arrived"),
]

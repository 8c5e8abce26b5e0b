"""Addresses of this room."""

from django.urls import URLPattern, path

from loyalty.api import gift_cards, points

urlpatterns: list[URLPattern] = [
    path("loyalty/by-card/<str:card>", points.ByCardView.as_view(), name="loyalty-by-card"),
    path("loyalty/<str:customer>", points.LoyaltyView.as_view(), name="loyalty"),
    path("loyalty/<str:customer>/entries", points.EntriesView.as_view(), name="loyalty-entries"),
    path("loyalty/<str:customer>/redemptions", points.RedemptionsView.as_view(), name="loyalty-redemptions"),
    path("loyalty/<str:customer>/adjustments", points.AdjustmentsView.as_view(), name="loyalty-adjustments"),
    path("gift-cards", gift_cards.GiftCardsView.as_view(), name="gift-cards"),
    path("gift-cards/balance", gift_cards.GiftCardBalanceView.as_view(), name="gift-card-balance"),
    path("gift-cards/<str:gift_card>/number", gift_cards.GiftCardNumberView.as_view(), name="gift-card-number"),
]

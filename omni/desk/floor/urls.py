"""Addresses of the shop floor, under /admin/floor/."""

from django.contrib import admin
from django.urls import URLPattern, path

from omni.desk.floor import handover, menu, picking, pricecheck


def floor_urls() -> list[URLPattern]:
    wrap = admin.site.admin_view
    return [
        path("floor/", wrap(menu.menu), name="floor"),
        path("floor/store/", wrap(menu.choose), name="floor_store"),
        path("floor/queue/", wrap(picking.queue), name="floor_queue"),
        path("floor/pick/<int:key>/", wrap(picking.pick), name="floor_pick"),
        path("floor/hand-over/", wrap(handover.hand_over), name="floor_hand_over"),
        path("floor/hand-over/<int:key>/", wrap(handover.hand_over_one), name="floor_hand_over_one"),
        path("floor/price/", wrap(pricecheck.price), name="floor_price"),
    ]

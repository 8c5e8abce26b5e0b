"""What does this cost, and is there another one? By scan, SKU or words."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from catalog.search import search
from omni.core.models import Location
from omni.core.text import fold
from omni.desk.floor.pages import floor_page, show
from omni.desk.floor.queries import shelf_of, variants_scanned


@require_GET
@floor_page("catalog.view_offer")
def price(request: HttpRequest, store: Location) -> HttpResponse:
    """`?code=`: one variant with its price and stock, a list to choose from, or that there is none such."""
    code = request.GET.get("code", "").strip()[:200]
    found = variants_scanned(code) if code else []
    if code and not found:
        found = list(search(fold(code), 12).select_related("product", "offer"))
    shelf = shelf_of(found[0], store) if len(found) == 1 else None
    return show(
        request, "price", title=_("Price check"), store=store, code=code, shelf=shelf, found=[] if shelf else found
    )

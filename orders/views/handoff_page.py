"""Where the QR of a cart's hand-over leads whoever scans it without one of our apps."""

from typing import Any

from django.views.generic import TemplateView


class HandoffPage(TemplateView):
    """Shows the code and says what to do with it. Looks nothing up: a wrong code reads like a right one."""

    template_name = "orders/handoff.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"code": str(kwargs["code"]).upper()[:20]}

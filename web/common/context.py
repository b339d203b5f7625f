"""The context processor for the values that every template can use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site_context(request: HttpRequest) -> dict[str, Any]:
    return {"BUSINESS_NAME": settings.BUSINESS_NAME, "BRAND_HUE": settings.BRAND_HUE, "SITE_URL": settings.SITE_URL}

"""The admin site as the school's office: entered through the site's own log-in, and all that is done is on record."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from history.admin_base import Recorded

# What libraries bring to the admin and has no place there: groups are roles here, and keys are nobody's business.
LEFT_OUT = {"auth.group", "otp_totp.totpdevice"}


def recorded(admin_class: "type[ModelAdmin[Any]] | None") -> "type[ModelAdmin[Any]]":
    """Whichever app brings the class: what is done through it goes to the school's history."""
    if admin_class is None or issubclass(admin_class, Recorded):
        return admin_class or Recorded
    return type(admin_class.__name__, (admin_class, Recorded), {"__module__": admin_class.__module__})


class Office(AdminSite):
    site_header = site_title = f"{settings.BUSINESS_NAME} Admin"
    index_title = "Admin Home"

    def register(
        self, model_or_iterable: Any, admin_class: "type[ModelAdmin[Any]] | None" = None, **options: Any
    ) -> None:
        models: Any = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        wanted = [model for model in models if model._meta.label_lower not in LEFT_OUT]
        super().register(wanted, recorded(admin_class), **options)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect("admin:index") if request.user.is_authenticated else redirect_to_login(wanted)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("password_change")

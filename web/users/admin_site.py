"""The admin site of the school. It uses the site's own log-in page, and the history records what people do in it."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from history.admin_base import RecordedModelAdmin

# Models of libraries that the admin does not show: groups appear as roles, and the keys of devices are secret.
HIDDEN_MODELS = {"auth.group", "otp_totp.totpdevice"}


def with_history(admin_class: "type[ModelAdmin[Any]] | None") -> "type[ModelAdmin[Any]]":
    """Add Recorded to an admin class of any app, so that changes made with it go to the school's history."""
    if admin_class is None or issubclass(admin_class, RecordedModelAdmin):
        return admin_class or RecordedModelAdmin
    return type(admin_class.__name__, (admin_class, RecordedModelAdmin), {"__module__": admin_class.__module__})


class SchoolAdminSite(AdminSite):
    site_header = site_title = format_lazy(_("{school} Admin"), school=settings.BUSINESS_NAME)
    index_title = _("Admin Home")

    def register(
        self, model_or_iterable: Any, admin_class: "type[ModelAdmin[Any]] | None" = None, **options: Any
    ) -> None:
        models: Any = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        shown_models = [model for model in models if model._meta.label_lower not in HIDDEN_MODELS]
        super().register(shown_models, with_history(admin_class), **options)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        next_url = request.GET.get("next") or reverse("admin:index")
        return redirect("admin:index") if request.user.is_authenticated else redirect_to_login(next_url)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("password_change")

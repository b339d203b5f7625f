"""All URLs of the site. Each app and each plug-in has its own `urls.py`."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path
from django.views.decorators.http import require_safe

from common.app_modules import app_modules
from outbox import registry
from registrations.sitemaps import SITEMAPS

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sitemap.xml", require_safe(sitemap), {"sitemaps": SITEMAPS}, name="sitemap"),
    path("", include("registrations.urls")),
    path("", include("classwork.urls")),
    path("", include("users.urls")),
    path("", include("accounting.urls")),
    path("", include("billing.urls")),
    path("", include("pages.urls")),
    path("", include("mailroom.urls")),
    path("", include("outbox.urls")),
    *(path("", include(module)) for module in app_modules("urls", registry.plugin_apps())),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]

handler400 = "common.error_pages.bad_request"
handler403 = "common.error_pages.permission_denied"
handler404 = "common.error_pages.not_found"
handler500 = "common.error_pages.server_error"

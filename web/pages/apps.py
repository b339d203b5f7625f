from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.declared_permissions import model_permissions


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = _("Site")
    ROLES = {
        "Admin": model_permissions(
            "pages", contactmessage="view change", sitecontent="view add change", edition="view"
        ),
    }

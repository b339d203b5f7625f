from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = _("Site")
    ROLES = {
        "Admin": [
            "pages.view_contactmessage",
            "pages.change_contactmessage",
            "pages.view_sitecontent",
            "pages.add_sitecontent",
            "pages.change_sitecontent",
            "pages.view_edition",
        ],
    }

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = "Site"
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

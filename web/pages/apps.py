from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = "Site"
    SITE_LINKS = [("About", "aboutus"), ("Contact", "contact")]
    DESK_LINKS = [
        (
            "Letters",
            "desk_contact",
            "pages.view_contactmessage",
            "What people wrote to the school, and who has answered.",
        ),
        ("Texts", "desk_texts", "pages.change_sitecontent", "What the site says of the school: write, look, publish."),
    ]
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

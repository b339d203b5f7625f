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
            "Mail and texts",
        ),
        (
            "Texts",
            "desk_texts",
            "pages.change_sitecontent",
            "What the site says of the school: write, look, publish.",
            "Mail and texts",
        ),
        ("Admin", "admin:index", "", "Every record of the school, for looking up and putting right.", "System"),
    ]
    DESK_WORK = [
        (
            "letter to answer",
            "letters to answer",
            "desk_contact",
            "",
            "pages.view_contactmessage",
            "pages.domain.contact.unanswered",
        ),
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

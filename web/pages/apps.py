from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "pages"
    verbose_name = "Site"
    SITE_LINKS = [("About", "aboutus"), ("Contact", "contact")]
    DESK_LINKS = [
        (
            "Inbox",
            "desk_contact",
            "pages.view_contactmessage",
            "Messages from the contact page, and who has answered.",
            "Mail and texts",
        ),
        (
            "Site text",
            "desk_texts",
            "pages.change_sitecontent",
            "Edit, preview and publish the texts of this site.",
            "Mail and texts",
        ),
        ("Admin", "admin:index", "", "Every record of the school, to look up and correct.", "System"),
    ]
    DESK_WORK = [
        (
            "message to answer",
            "messages to answer",
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

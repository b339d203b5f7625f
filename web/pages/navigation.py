"""The links of this app in the menus, and what needs attention at the desk."""

from common.navigation import MAIL_AND_TEXTS, SYSTEM, NavLink
from common.work_lists import WorkItem
from pages.domain import contact

SITE_LINKS = [NavLink("About", "aboutus"), NavLink("Contact", "contact")]

DESK_LINKS = [
    NavLink(
        "Inbox",
        "desk_contact",
        permission="pages.view_contactmessage",
        about="Messages from the contact page, and who has answered.",
        group=MAIL_AND_TEXTS,
    ),
    NavLink(
        "Site text",
        "desk_texts",
        permission="pages.change_sitecontent",
        about="Edit, preview and publish the texts of this site.",
        group=MAIL_AND_TEXTS,
    ),
    NavLink(
        "Admin",
        "admin:index",
        about="Every record of the school, to look up and correct.",
        group=SYSTEM,
    ),
]

DESK_WORK = [
    WorkItem(
        one="message to answer",
        many="messages to answer",
        url_name="desk_contact",
        permission="pages.view_contactmessage",
        rows=contact.unanswered_messages,
    )
]

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailroomConfig(AppConfig):
    name = "mailroom"
    verbose_name = _("Mail")
    ROLES = {
        "Admin": [
            "mailroom.view_message",
            "mailroom.resend_message",
            "mailroom.view_template",
            "mailroom.add_template",
            "mailroom.change_template",
            "mailroom.delete_template",
            "mailroom.view_preference",
            "mailroom.view_suppression",
            "mailroom.add_suppression",
            "mailroom.lift_suppression",
        ],
    }

    def ready(self) -> None:
        from mailroom import checks  # noqa: F401  This import registers the checks of the declared mails.

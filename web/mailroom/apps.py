from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.declared_permissions import model_permissions


class MailroomConfig(AppConfig):
    name = "mailroom"
    verbose_name = _("Mail")
    ROLES = {
        "Admin": [
            *model_permissions("mailroom", message="view resend", template="view add change delete"),
            *model_permissions("mailroom", preference="view", suppression="view add lift"),
        ],
    }

    def ready(self) -> None:
        from mailroom import checks  # noqa: F401  This import registers the checks of the declared mails.

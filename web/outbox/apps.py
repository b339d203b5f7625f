from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = _("Events")
    ROLES = {"Admin": ["outbox.view_event", "outbox.view_delivery", "outbox.handle_delivery", "outbox.view_jobrow"]}

    def ready(self) -> None:
        from outbox import checks  # noqa: F401  This import registers the checks of the workflow map.

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "Events"
    ROLES = {"Admin": ["outbox.view_event", "outbox.view_delivery", "outbox.handle_delivery", "outbox.view_jobrow"]}
    DESK_LINKS = [
        (
            "Background jobs",
            "desk_queue",
            "outbox.view_delivery",
            "What is still running, and what has failed.",
            "System",
        ),
    ]
    DESK_WORK = [
        (
            "background job has failed",
            "background jobs have failed",
            "desk_queue",
            "",
            "outbox.view_delivery",
            "outbox.domain.desk.parked",
        ),
    ]

    def ready(self) -> None:
        from outbox import checks  # noqa: F401  registers what `manage.py check` asks of the map

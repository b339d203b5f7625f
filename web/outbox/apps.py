from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "Events"
    ROLES = {"Admin": ["outbox.view_event", "outbox.view_delivery", "outbox.handle_delivery", "outbox.view_jobrow"]}
    DESK_LINKS = [
        ("Queue", "desk_queue", "outbox.view_delivery", "What is still to be done, and what needs a person.", "System"),
    ]
    DESK_WORK = [
        (
            "task of the site needs a person",
            "tasks of the site need a person",
            "desk_queue",
            "",
            "outbox.view_delivery",
            "outbox.domain.desk.parked",
        ),
    ]

    def ready(self) -> None:
        from outbox import checks  # noqa: F401  registers what `manage.py check` asks of the map

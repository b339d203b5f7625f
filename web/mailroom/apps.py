from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "mailroom"
    verbose_name = "Mail"

    def ready(self) -> None:
        from mailroom import checks  # noqa: F401  registers what `manage.py check` asks of the declared mails

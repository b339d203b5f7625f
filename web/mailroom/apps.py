from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "mailroom"
    verbose_name = "Mail"
    ACCOUNT_LINKS = [("Messages", "my_messages")]
    DESK_LINKS = [
        ("Mail", "desk_mail", "mailroom.view_message", "What was sent to whom, and what was not.", "Mail and texts"),
    ]
    DESK_WORK = [
        (
            "mail was perhaps sent",
            "mails were perhaps sent",
            "desk_mail",
            "?state=perhaps",
            "mailroom.view_message",
            "mailroom.domain.desk.perhaps_sent",
        ),
        (
            "mail could not be sent",
            "mails could not be sent",
            "desk_mail",
            "?state=parked",
            "mailroom.view_message",
            "mailroom.domain.desk.parked",
        ),
    ]
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
        from mailroom import checks  # noqa: F401  registers what `manage.py check` asks of the declared mails

from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "mailroom"
    verbose_name = "Mail"
    ACCOUNT_LINKS = [("Messages", "my_messages")]
    DESK_LINKS = [
        ("Mail", "desk_mail", "mailroom.view_message", "Every email: sent, waiting or failed.", "Mail and texts"),
    ]
    DESK_WORK = [
        (
            "email may not have gone out",
            "emails may not have gone out",
            "desk_mail",
            "?state=perhaps",
            "mailroom.view_message",
            "mailroom.domain.desk.perhaps_sent",
        ),
        (
            "email could not be sent",
            "emails could not be sent",
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

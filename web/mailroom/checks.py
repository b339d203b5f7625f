"""System checks of the declared mails and of the mail settings."""

from collections import Counter
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.core import checks

from mailroom import registry, text_templates
from mailroom.declare import Mail

KEEP_ONE = "Keep one of the declarations in the apps’ mails.py."


@checks.register()
def check_declared_mails(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    declared = registry.mail_declarations()
    repeated = names_used_twice(declared)
    return [
        *(
            checks.Error(f"The mail {name!r} is declared twice.", hint=KEEP_ONE, id="mailroom.E001")
            for name in repeated
        ),
        *(message for mail in declared for message in mail_problems(mail)),
    ]


def names_used_twice(declared: Sequence[Mail]) -> list[str]:
    return [name for name, count in Counter(mail.name for mail in declared).items() if count > 1]


def mail_problems(mail: Mail) -> Iterator[checks.CheckMessage]:
    try:
        subject, body = text_templates.read_mail_file(mail.path)
    except FileNotFoundError:
        hint = f"Write it to templates/{mail.path} of the app: a line 'Subject: …', a blank line, and the text."
        yield checks.Error(f"The mail {mail.name!r} has no text.", hint=hint, id="mailroom.E002")
        return
    if not subject or not body:
        hint = "The file must begin with a line 'Subject: …' and a blank line, followed by the text."
        yield checks.Error(f"templates/{mail.path} has no subject or no text.", hint=hint, id="mailroom.E003")


@checks.register(checks.Tags.security, deploy=True)
def check_mail_settings(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    problems = {
        "W001": settings.MAIL_BY in {"file", "console"} and f"No mail is sent: MAIL_BY={settings.MAIL_BY}.",
        "W002": settings.DEFAULT_FROM_EMAIL == settings.NOREPLY
        and f"DEFAULT_FROM_EMAIL is not set: mail is sent from {settings.NOREPLY}.",
        "W003": not settings.OFFICE_EMAIL and "OFFICE_EMAIL is not set: replies to mail are lost.",
        "W004": settings.MAIL_BY == "smtp"
        and bool(settings.EMAIL_HOST_USER)
        and settings.EMAIL_HOST == "localhost"
        and "EMAIL_HOST is not set: EMAIL_HOST_USER is sent to this machine.",
    }
    hint = "See the section about mail in .env_template."
    return [checks.Warning(text, hint=hint, id=f"mailroom.{name}") for name, text in problems.items() if text]

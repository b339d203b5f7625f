"""The school's own texts, which override the texts of the files."""

from typing import Any

from mailroom.declare import Mail
from mailroom.domain import rendered_mail
from mailroom.domain.rendered_mail import MailText, RenderedMail
from mailroom.models import Template
from mailroom.registry import declared_mails


def list_mail_texts() -> list[tuple[Any, Template | None]]:
    overrides = {row.name: row for row in Template.objects.all()}
    return [(mail, overrides.get(name)) for name, mail in sorted(declared_mails().items())]


def shipped_text(name: str) -> MailText | None:
    mail = declared_mails().get(name)
    return rendered_mail.shipped_mail_text(mail) if mail else None


@rendered_mail.language_of_mails()
def preview_mail(mail: Mail, subject: str, body: str) -> RenderedMail:
    return rendered_mail.render_mail(mail, MailText(subject, body), mail.sample())

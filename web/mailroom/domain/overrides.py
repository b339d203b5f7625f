"""The school's own texts, which override the texts of the files."""

from typing import Any

from mailroom.domain import rendering
from mailroom.domain.rendering import Text
from mailroom.models import Template
from mailroom.registry import mails


def overview() -> list[tuple[Any, Template | None]]:
    overrides = {row.name: row for row in Template.objects.all()}
    return [(mail, overrides.get(name)) for name, mail in sorted(mails().items())]


def standard(name: str) -> Text | None:
    mail = mails().get(name)
    return rendering.standard(mail) if mail else None

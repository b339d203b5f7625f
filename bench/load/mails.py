from typing import Any

from mailroom.declare import Mail, MailKind
from mailroom.models import Message


def context(message: Message) -> dict[str, Any]:
    return {"number": message.data["number"], "link": f"https://school.example/classes/{message.data['number']}/"}


def sample() -> dict[str, Any]:
    return {"number": 1, "link": "https://school.example/classes/1/"}


MAILS = [Mail("load.letter", kind=MailKind.CLASS, title="A letter", context=context, sample=sample)]

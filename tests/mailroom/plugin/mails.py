from typing import Any

from mailroom.declare import Mail, MailKind, MailNotNeeded, SecretText
from mailroom.models import Message

LINK = "http://testserver/choir/open/WzEyLCJhYmMiXQ:1abcde:Xyz/"


def context(message: Message) -> dict[str, Any]:
    if message.data.get("gone"):
        raise LookupError("alice@example.org has left")
    if message.data.get("called_off"):
        raise MailNotNeeded("The rehearsal was called off.")
    return sample() | message.data


def sample() -> dict[str, Any]:
    return {"name": "Alice", "song": "Flow My Tears", "link": LINK, "code": SecretText("AB-12"), "note": ""}


MAILS = [
    Mail("choir.welcome", kind=MailKind.TRANSACTIONAL, title="Welcome to the choir", context=context, sample=sample),
    Mail("choir.rehearsal", kind=MailKind.CLASS, title="Rehearsal", context=context, sample=sample),
    Mail("choir.concert", kind=MailKind.PROMOTIONAL, title="A concert", context=context, sample=sample),
]

from typing import Any

from mailroom.declare import Kind, Mail, NotNeeded, Secret
from mailroom.models import Message

LINK = "http://testserver/choir/open/WzEyLCJhYmMiXQ:1abcde:Xyz/"


def context(message: Message) -> dict[str, Any]:
    if message.data.get("gone"):
        raise LookupError("alice@example.org has left")
    if message.data.get("called_off"):
        raise NotNeeded("The rehearsal was called off.")
    return sample() | message.data


def sample() -> dict[str, Any]:
    return {"name": "Alice", "song": "Flow My Tears", "link": LINK, "code": Secret("AB-12"), "note": ""}


MAILS = [
    Mail("choir.welcome", kind=Kind.TRANSACTIONAL, title="Welcome to the choir", context=context, sample=sample),
    Mail("choir.rehearsal", kind=Kind.CLASS, title="Rehearsal", context=context, sample=sample),
    Mail("choir.concert", kind=Kind.PROMOTIONAL, title="A concert", context=context, sample=sample),
]

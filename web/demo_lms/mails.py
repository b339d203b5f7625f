from typing import Any

from mailroom.declare import Kind, Mail
from mailroom.models import Message


def context(message: Message) -> dict[str, Any]:
    return dict(message.data)


def sample() -> dict[str, Any]:
    return {"order": "DEMO-1", "products": ["demo-course-one", "demo-course-two"]}


MAILS = [
    Mail(
        "demo_lms.purchase_complete",
        kind=Kind.TRANSACTIONAL,
        title="Demonstration: a purchase is complete",
        context=context,
        sample=sample,
    )
]

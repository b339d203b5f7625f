from typing import Any

from django.utils.translation import gettext_lazy as _

from mailroom.declare import Mail, MailKind
from mailroom.models import Message


def purchase_context(message: Message) -> dict[str, Any]:
    return dict(message.data)


def purchase_sample() -> dict[str, Any]:
    return {"order": "DEMO-1", "products": ["demo-course-one", "demo-course-two"]}


MAILS = [
    Mail(
        "demo_lms.purchase_complete",
        kind=MailKind.TRANSACTIONAL,
        title=_("Demonstration: a purchase is complete"),
        context=purchase_context,
        sample=purchase_sample,
    )
]

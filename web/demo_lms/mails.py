from typing import Any

from django.utils.translation import gettext_lazy as _

from mailroom.declare import Mail
from mailroom.models import Message


def purchase_context(message: Message) -> dict[str, Any]:
    return dict(message.data)


def purchase_sample() -> dict[str, Any]:
    return {"order": "DEMO-1", "products": ["demo-course-one", "demo-course-two"]}


MAILS = [
    Mail("demo_lms.purchase_complete", _("Demonstration: a purchase is complete"), purchase_context, purchase_sample)
]

"""Parts that several emails share."""

from typing import Any

from django.urls import reverse

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer
from common import dates
from common.links import absolute_url
from registrations.domain import attendees
from users.models import Student


def reader_context(student: Student) -> dict[str, Any]:
    return {
        "student": str(student),
        "name": attendees.greeting_name(student),
        "is_self": attendees.reads_own_mail(student),
        "to_guardian": student.guardian_id is not None,
    }


def class_context(class_offer_id: int) -> dict[str, str]:
    class_offers = ClassOffer.objects.select_related("subject__level", "location").prefetch_related("meetings")
    class_offer = class_offers.get(pk=class_offer_id)
    return {
        "title": class_offer.subject.title,
        "when": ClassSummary(class_offer, dates.local_today()).schedule_text,
        "where": f"{class_offer.location}, {class_offer.location.full_address}" if class_offer.location else "",
        "link": absolute_url(class_offer.get_absolute_url()),
        "calendar": absolute_url(reverse("classoffer_calendar", args=[class_offer.pk])),
    }

"""The email to the office about the files of resources."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from classwork.models import Resource
from common.links import absolute_url
from mailroom.declare import AboutPage, Mail, MailNotNeeded
from mailroom.models import Message


def file_lost_context(message: Message) -> dict[str, Any]:
    resource = Resource.objects.filter(pk=message.data["resource_id"]).first()
    if resource is None:
        raise MailNotNeeded("The resource no longer exists.")
    return {"title": resource.title, "link": absolute_url(reverse("edit_resource", args=[resource.pk]))}


def file_lost_sample() -> dict[str, Any]:
    return {"title": "Sugar push", "link": absolute_url("/admin/")}


MAILS = [
    Mail("classwork.file_missing", _("A file of a class is missing (office)"), file_lost_context, file_lost_sample),
]

ABOUT = {
    "class_offer": AboutPage(_("Class {}"), "desk_class", "classwork.view_meeting"),
    "resource": AboutPage(_("Resource {}"), "admin:classwork_resource_change", "classwork.view_resource"),
}

"""The page and the file of a resource. Access is checked on every request."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from classwork.domain.resources import content, missing_files
from classwork.models import Resource
from common.files import file_responses
from common.files.file_responses import StoredFile
from registrations.domain.library import access, shelves
from registrations.domain.library.access import AccessibleResource
from users.models import User
from users.roles import is_team

Kind = Resource.Kind


def accessible_resource_or_404(request: HttpRequest, pk: int) -> AccessibleResource:
    opened = access.find_accessible_resource(request.user, pk)
    if opened is None:
        raise Http404
    return opened


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Visitors are asked to log in whether or not the resource exists."""
    opened = access.find_accessible_resource(request.user, pk)
    if opened is None and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if opened is None:
        raise Http404
    resource = opened.resource
    is_lost = missing_files.is_resource_file_missing(resource)
    if is_lost:
        missing_files.report_missing_file(resource)
    context = {
        "resource": resource,
        "found": opened,
        "lost": is_lost,
        "edit_address": resource_edit_url(request, resource),
    }
    return render(request, "classwork/resource.html", context | viewer_context(resource) | neighbor_context(opened))


def neighbor_context(opened: AccessibleResource) -> dict[str, Any]:
    if opened.registration is None:
        return {}
    neighbors = shelves.neighbors_of(opened, timezone.now())
    taught_in = f"{opened.registration.class_offer.subject.title}, {opened.registration.class_offer.session.title}"
    return {
        "taught_in": taught_in,
        "state": neighbors.status_text,
        "previous": neighbors.before,
        "following": neighbors.after,
    }


def resource_edit_url(request: HttpRequest, resource: Resource) -> str:
    """Resources without a class or subject are edited in the admin. Empty if the person may not edit."""
    staff = request.user.staff if isinstance(request.user, User) and hasattr(request.user, "staff") else None
    if (
        staff is None
        or not is_team(staff.user)
        or not content.resources_editable_by(staff).filter(pk=resource.pk).exists()
    ):
        return ""
    if resource.attachments.exists():
        return reverse("edit_resource", args=[resource.pk])
    return reverse("admin:classwork_resource_change", args=[resource.pk]) if staff.user.is_staff else ""


def viewer_context(resource: Resource) -> dict[str, Any]:
    kind = Kind.TEXT if resource.kind == Kind.EMAIL else resource.kind
    context: dict[str, Any] = {"viewer": f"registrations/resources/{kind}.html"}
    if resource.file:
        context |= {
            "file_url": reverse("resource_file", args=[resource.pk]),
            "subtitles": reverse("resource_subtitles", args=[resource.pk]) if resource.subtitles else "",
            "is_pdf": str(resource.file).endswith(".pdf"),
        }
    return context | {"host": urlsplit(resource.link).netloc}


@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    resource = accessible_resource_or_404(request, pk).resource
    if not resource.file:
        raise Http404
    return file_response(request, resource, missing_files.stored_file(resource))


@require_safe
def subtitles(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Always served by the site, because browsers accept subtitles only from the origin of the page."""
    resource = accessible_resource_or_404(request, pk).resource
    if not resource.subtitles:
        raise Http404
    return file_response(request, resource, StoredFile(str(resource.subtitles), f"{resource.title}.vtt"), near=True)


def file_response(
    request: HttpRequest, resource: Resource, stored: StoredFile, *, near: bool = False
) -> HttpResponseBase:
    try:
        return file_responses.serve_private_file(request, stored, download="download" in request.GET, near=near)
    except file_responses.FileMissing:
        missing_files.report_missing_file(resource)
        context = {"resource": resource, "lost": True}
        return render(request, "classwork/resource.html", context, status=404)

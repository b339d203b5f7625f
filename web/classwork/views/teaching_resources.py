"""Pages on which teachers add, order, change and hide the resources of their classes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from classwork.domain.resources import attachments, content, student_view
from classwork.domain.resources.content import Thing
from classwork.domain.resources.student_view import PlannedResource, ReleaseState
from classwork.forms.resources import ResourceForm, default_release, resource_initial_values
from classwork.models import ClassOffer, Resource, Subject
from classwork.views.proposals import staff_profile_of
from common.search import read_number
from common.views import refusal_as_message
from users.models import Staff
from users.roles import team_action, team_form, team_page

KINDS = {"class": ClassOffer, "subject": Subject}
Kind = Resource.Kind
OFFERED = [Kind.VIDEO, Kind.IMAGE, Kind.AUDIO, Kind.FILE, Kind.LINK, Kind.TEXT, Kind.PAGE]


def attachable_or_404(staff: Staff, what: str, pk: int) -> Thing:
    candidates: Any = ClassOffer.objects.for_orders() if what == "class" else Subject.objects.select_related("level")
    thing: Thing = get_object_or_404(candidates, pk=pk)
    if not content.may_manage_resources_of(staff, thing):
        raise Http404
    return thing


@team_page
def index(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    thing = attachable_or_404(staff_profile_of(request), what, pk)
    planned = planned_resources_of(thing)
    editable = set(content.resources_editable_by(staff_profile_of(request)).values_list("pk", flat=True))
    # A class hides a resource of its subject. Only the subject's own page removes it.
    attached_here = {
        each.attached.resource.pk for each, _ in planned if what == "subject" or not each.attached.inherited
    }
    context = {
        "thing": thing,
        "class_offer": thing if isinstance(thing, ClassOffer) else None,
        "what": what,
        "planned": planned,
        "kinds": OFFERED,
        "editable": editable,
        "removable": editable & attached_here,
    }
    return render(request, "classwork/teaching_resources.html", context)


def planned_resources_of(thing: Thing) -> list[tuple[PlannedResource, ReleaseState | None]]:
    if isinstance(thing, Subject):
        return [(PlannedResource(each, None), None) for each in attachments.attached_to(thing)]
    now = timezone.now()
    return [(each, each.at(now)) for each in student_view.planned_resources(thing)]


@team_form
def add(request: HttpRequest, what: str, pk: int, kind: str) -> HttpResponse:
    staff = staff_profile_of(request)
    thing = attachable_or_404(staff, what, pk)
    if kind not in OFFERED:
        raise Http404
    form = bound_resource_form(
        request, kind, thing, {"opens": default_release(thing), "audience": Resource.Audience.STUDENT}
    )
    if form.is_valid() and save_or_show_error(
        form, lambda: content.add_resource(staff, form.target(), form.values(), form.chosen())
    ):
        messages.success(request, gettext("“%(title)s” has been added.") % {"title": form.cleaned_data["title"]})
        return redirect_to_resources(thing)
    context = {"form": form, "thing": thing, "what": what, "kind": Kind(kind)}
    return render(request, "classwork/resource_form.html", context)


@team_form
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    staff = staff_profile_of(request)
    resource = get_object_or_404(content.resources_editable_by(staff), pk=pk)
    thing = attachable_of_resource(resource)
    form = bound_resource_form(request, resource.kind, thing, resource_initial_values(resource))
    if form.is_valid() and save_or_show_error(
        form, lambda: content.change_resource(staff, resource, form.values(), form.chosen())
    ):
        messages.success(request, gettext("Saved."))
        return redirect_to_resources(thing)
    context = {
        "form": form,
        "thing": thing,
        "what": attachable_kind(thing),
        "resource": resource,
        "kind": Kind(resource.kind),
    }
    return render(request, "classwork/resource_form.html", context)


def bound_resource_form(request: HttpRequest, kind: str, thing: Thing, initial: dict[str, Any]) -> ResourceForm:
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    return ResourceForm(kind, thing, *data, initial=initial, person=staff_profile_of(request).pk)


def save_or_show_error(form: ResourceForm, save: Any) -> bool:
    # A file that became invalid between the check and saving is reported beside its field.
    try:
        save()
    except ValidationError as error:
        form.add_error("file", error)
        return False
    return True


def attachable_of_resource(resource: Resource) -> Thing:
    attachment = resource.attachments.select_related("subject__level", "class_offer").first()
    if attachment is None:
        raise Http404
    if attachment.class_offer_id:
        return ClassOffer.objects.for_orders().get(pk=attachment.class_offer_id)
    return attachment.subject  # type: ignore[return-value]


def attachable_kind(thing: Thing) -> str:
    return "class" if isinstance(thing, ClassOffer) else "subject"


def redirect_to_resources(thing: Thing) -> HttpResponse:
    return redirect("class_resources", attachable_kind(thing), thing.pk)


@team_action
def arrange(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    # The buttons send values such as `up-12`.
    staff = staff_profile_of(request)
    thing = attachable_or_404(staff, what, pk)
    direction, _, number = request.POST.get("move", "").partition("-")
    resource = get_object_or_404(Resource, pk=read_number(number) or 0)
    with refusal_as_message(request):
        content.move_resource(staff, thing, resource, -1 if direction == "up" else 1)
    return redirect_to_resources(thing)


@team_action
def change_attachment(request: HttpRequest, what: str, pk: int, number: int) -> HttpResponse:
    staff = staff_profile_of(request)
    thing = attachable_or_404(staff, what, pk)
    resource = next((each.resource for each in attachments.attached_to(thing) if each.resource.pk == number), None)
    if resource is None:
        raise Http404
    if "remove" in request.POST:
        if not content.resources_editable_by(staff).filter(pk=resource.pk).exists():
            raise Http404
        content.detach_resource(staff, thing, resource)
        messages.success(request, gettext("“%(title)s” has been removed.") % {"title": resource})
    elif isinstance(thing, ClassOffer):
        hidden = "hide" in request.POST
        content.set_resource_hidden(staff, thing, resource, hidden)
        text = (
            gettext("“%(title)s” is hidden from this class.")
            if hidden
            else gettext("“%(title)s” is visible to this class.")
        )
        messages.success(request, text % {"title": resource})
    return redirect_to_resources(thing)


@team_page
def student_view_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows what a student sees who registered at the beginning, before the class or right after one of its
    meetings."""
    class_offer = get_object_or_404(ClassOffer.objects.with_timetable(), pk=pk)
    if not content.may_manage_resources_of(staff_profile_of(request), class_offer):
        raise Http404
    weeks = student_view.viewing_moments(class_offer)
    selected = request.GET.get("week", "")
    week = next((each for each in weeks if str(each.number) == selected), weeks[0] if weeks else None)
    context = {
        "class_offer": class_offer,
        "weeks": weeks,
        "week": week,
        "seen": student_view.resources_at(class_offer, week.at) if week else [],
    }
    return render(request, "classwork/resources_as_student.html", context)

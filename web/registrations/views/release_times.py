"""When one resource opens to one class: as planned, early, held, or only to one student."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classwork.domain.resources import releases
from classwork.models import ClassOffer, Release
from classwork.views.proposals import staff_profile_of
from classwork.views.teaching_resources import attachable_or_404
from common.search import read_number
from registrations.domain.library import openings, shelves
from registrations.models import Registration
from users.models import User
from users.roles import acting_user, team_form

CLASS_ACTIONS = {
    "release": (releases.release_now, _("The class can see it now.")),
    "hold": (releases.hold_release, _("It stays closed until you release it.")),
    "plan": (releases.reset_release, _("It opens as planned.")),
}
STUDENT_ACTIONS = {
    "open": (openings.add_opening, _("{} may open it now.")),
    "close": (openings.remove_opening, _("{} has it with the class.")),
}


@team_form
def resource_times(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    class_offer = attachable_or_404(staff_profile_of(request), "class", pk)
    if not isinstance(class_offer, ClassOffer):
        raise Http404
    release = get_object_or_404(class_offer.releases.select_related("resource"), resource=number)
    if request.method == "POST":
        messages.success(request, _apply_release_action(acting_user(request), release, request.POST.get("do", "")))
        return redirect(request.path)
    now = timezone.now()
    context = {
        "class_offer": class_offer,
        "release": release,
        "plan": release.plan_in_words(now),
        "can_release": release.is_ahead(now) and not release.released_at,
        "items": shelves.release_by_student(release, now),
    }
    return render(request, "registrations/resource_times.html", context)


def _apply_release_action(by: User, release: Release, choice: str) -> str:
    """`choice` is an action for the class such as `hold`, or one for a registration such as `open-12`."""
    name, _, number = choice.partition("-")
    if name in CLASS_ACTIONS:
        action, message = CLASS_ACTIONS[name]
        action(by, release)
        return str(message)
    pk = read_number(number)
    if name not in STUDENT_ACTIONS or pk is None:
        raise Http404
    registration = get_object_or_404(
        Registration.objects.whole_class().select_related("student"), class_offer=release.class_offer_id, pk=pk
    )
    student_action, student_message = STUDENT_ACTIONS[name]
    student_action(by, release.resource, registration)
    return str(student_message).format(registration.student)

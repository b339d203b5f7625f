"""The classes and the level of a student. The desk sees all students, and teachers those in their classes."""

from collections import Counter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from classwork.domain.catalog.class_summary import Listed
from classwork.domain.places import desk, mine, progress, taught
from classwork.domain.places.teaching_agenda import RoleCounts
from classwork.domain.places.tickets import holders
from classwork.forms.places import LevelForm
from classwork.models import ClassOffer
from classwork.views import posted
from classwork.views.proposals import me
from common import dates, search
from common.paging import turn_together
from users.domain import recent_history
from users.models import Student
from users.roles import acting, desk_required, team_required

PER_PAGE = 50
A_ROSTER = 100
ASK = ["GET", "HEAD", "POST"]


@require_safe
@desk_required("classwork.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    text = search.words(request)
    page = Paginator(desk.find_students(text), PER_PAGE).get_page(request.GET.get("page"))
    by_student, rungs = progress.among(page.object_list, timezone.now()), progress.rungs()
    rows = [(student, progress.in_words(by_student[student.pk].number, rungs)) for student in page]
    return render(request, "desk/students.html", {"page": page, "rows": rows, "text": text})


@require_http_methods(ASK)
@desk_required("classwork.view_registration")
def at_the_desk(request: HttpRequest, pk: int) -> HttpResponse:
    student = get_object_or_404(Student.objects.select_related("user", "guardian"), pk=pk)
    return _page(request, student, "desk/student.html")


@require_safe
@team_required
def participants(request: HttpRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(ClassOffer.objects.taught_by(me(request)).for_lists(), pk=pk)
    places = list(taught.participants(offer, timezone.now()))
    tickets = holders.of_offer(offer, timezone.now()).filter(meeting__cancelled_at=None)
    people_by_page, tickets_by_page = Paginator(places, A_ROSTER), Paginator(tickets, A_ROSTER)
    page, (students, guests) = turn_together(request.GET.get("page"), people_by_page, tickets_by_page)
    by_student, rungs = (
        progress.among([participant.student for participant in students], timezone.now()),
        progress.rungs(),
    )
    rows = [
        (participant, progress.in_words(by_student[participant.student_id].number, rungs)) for participant in students
    ]
    people = RoleCounts([role.name for role in offer.roles.all()], Counter(participant.role for participant in places))
    shown = set(taught.students(me(request), timezone.now()).values_list("pk", flat=True))
    context = {"shown": shown, "listed": Listed(offer, dates.today()), "rows": rows, "guests": guests}
    context |= {"people": people, "page": page}
    return render(request, "classwork/participants.html", context)


@require_http_methods(ASK)
@team_required
def taught_student(request: HttpRequest, pk: int) -> HttpResponse:
    student = get_object_or_404(taught.students(me(request), timezone.now()), pk=pk)
    return _page(request, student, "classwork/taught_student.html")


def _page(request: HttpRequest, student: Student, template: str) -> HttpResponse:
    level_progress, rungs = progress.among([student], timezone.now())[student.pk], progress.rungs()
    form = LevelForm(rungs, level_progress.override_number, posted(request))
    if form.is_bound and not acting(request).has_perm("classwork.set_level"):
        raise PermissionDenied
    if form.is_valid():
        progress.say(student, form.cleaned_data["number"], why=form.cleaned_data["why"], by=acting(request))
        messages.success(request, f"The level of {student} has been saved.")
        return redirect(request.path)
    context = {
        "student": student,
        "progress": level_progress,
        "level": progress.in_words(level_progress.number, rungs),
        "computed": progress.in_words(level_progress.computed, rungs),
        "attending": mine.of_student(student, timezone.now()),
        "happened": recent_history.to(student),
        "form": form,
    }
    return render(request, template, context)

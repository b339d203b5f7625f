"""The classes and the level of a student. The desk sees all students, and teachers those in their classes."""

from collections import Counter

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer, Level
from classwork.views.proposals import staff_profile_of
from common import dates, search
from common.pagination import paginate_together
from common.permissions import desk_form, desk_page
from common.views import posted_data
from registrations.domain import desk_registrations, my_classes, roster
from registrations.domain import level_progress as progress
from registrations.domain.teaching_agenda import RoleCounts
from registrations.forms.registration import LevelOverrideForm
from users.domain import recent_history
from users.models import Student
from users.roles import acting_user, team_form, team_page

PER_PAGE = 50
A_ROSTER = 100


@desk_page("registrations.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    text = search.search_text(request)
    page = Paginator(desk_registrations.search_students(text), PER_PAGE).get_page(request.GET.get("page"))
    levels = list(Level.objects.all())
    by_student = progress.progress_of_students(page.object_list, timezone.now(), levels)
    rungs = progress.level_labels(levels)
    rows = [(student, progress.level_text(by_student[student.pk].number, rungs)) for student in page]
    return render(request, "registrations/desk/students.html", {"page": page, "rows": rows, "text": text})


@desk_form("registrations.view_registration")
def desk_student(request: HttpRequest, pk: int) -> HttpResponse:
    student = get_object_or_404(Student.objects.select_related("user", "guardian", "level_override__set_by"), pk=pk)
    return _student_page(request, student, "registrations/desk/student.html")


@team_page
def participants(request: HttpRequest, pk: int) -> HttpResponse:
    staff, at = staff_profile_of(request), timezone.now()
    class_offer = get_object_or_404(ClassOffer.objects.taught_by(staff).for_orders(), pk=pk)
    registrations = list(roster.registrations_of_class(class_offer, at))
    tickets = roster.tickets_for_class(class_offer, at).filter(meeting__canceled_at=None).prefetch_related(None)
    people_by_page, tickets_by_page = Paginator(registrations, A_ROSTER), Paginator(list(tickets), A_ROSTER)
    page, (students, guests) = paginate_together(request.GET.get("page"), people_by_page, tickets_by_page)
    levels = list(Level.objects.all())
    by_student = progress.progress_of_students([participant.student for participant in students], at, levels)
    rungs = progress.level_labels(levels)
    rows = [
        (participant, progress.level_text(by_student[participant.student_id].number, rungs)) for participant in students
    ]
    people = RoleCounts(
        [role.name for role in class_offer.roles.all()], Counter(participant.role for participant in registrations)
    )
    shown = roster.shown_students(staff, class_offer, [*registrations, *guests], at)
    context = {"shown": shown, "listed": ClassSummary(class_offer, dates.local_today()), "rows": rows, "guests": guests}
    context |= {"people": people, "page": page}
    return render(request, "registrations/participants.html", context)


@team_form
def taught_student(request: HttpRequest, pk: int) -> HttpResponse:
    taught = roster.students_taught_by(staff_profile_of(request), timezone.now())
    student = get_object_or_404(taught.select_related("level_override__set_by"), pk=pk)
    return _student_page(request, student, "registrations/taught_student.html")


def _student_page(request: HttpRequest, student: Student, template: str) -> HttpResponse:
    levels = list(Level.objects.all())
    level_progress = progress.progress_of_students([student], timezone.now(), levels)[student.pk]
    rungs = progress.level_labels(levels)
    form = LevelOverrideForm(rungs, level_progress.override_number, posted_data(request))
    if form.is_bound and not acting_user(request).has_perm("registrations.set_level"):
        raise PermissionDenied
    if form.is_valid():
        progress.override_level(
            student, form.cleaned_data["number"], why=form.cleaned_data["why"], by=acting_user(request)
        )
        messages.success(request, _("The level of %(student)s has been saved.") % {"student": student})
        return redirect(request.path)
    context = {
        "student": student,
        "progress": level_progress,
        "level": progress.level_text(level_progress.number, rungs),
        "computed": progress.level_text(level_progress.computed, rungs),
        "attending": my_classes.classes_of_student(student, timezone.now()),
        "history_lines": recent_history.recent_history_of(student),
        "form": form,
    }
    return render(request, template, context)

"""The classes of the people in the care of an account, and their calendars."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from common.permissions import account_action, account_page
from registrations.domain import calendar_feeds
from registrations.domain import my_classes as mine
from registrations.domain.waitlist import presentation
from users.models import Student
from users.requests import AccountRequest


@account_page
def my_classes(request: AccountRequest) -> HttpResponse:
    at = timezone.now()
    people, page = mine.classes_of_account(request.user, at, request.GET.get("page"))
    context = {
        "people": people,
        "page": page,
        "waiting": presentation.entries_of_user(request.user, at),
        "user": request.user,
    }
    return render(request, "registrations/my_classes.html", context)


@account_action
def renew_student_calendar(request: AccountRequest, pk: int) -> HttpResponse:
    student = get_object_or_404(Student.objects.in_care_of(request.user), pk=pk)
    calendar_feeds.renew_student_feed(student)
    messages.success(request, gettext("%(student)s’s calendar has a new link.") % {"student": student})
    return redirect("my_classes")

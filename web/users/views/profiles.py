"""Pages about one person. People who may not see the person get a 404."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from common.permissions import account_page
from users.models import Staff, Student, User
from users.requests import AccountRequest


@account_page
def profile_user(request: AccountRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    if person == request.user:
        return redirect("profile_page")
    students = Student.objects.in_care_of(person)
    return render(request, "users/person.html", {"person": person, "students": students})


@account_page
def profile_student(request: AccountRequest, pk: int) -> HttpResponse:
    students = Student.objects.visible_to(request.user).select_related("user", "guardian")
    return render(request, "users/student.html", {"student": get_object_or_404(students, pk=pk)})


@require_safe
def profile_staff(request: HttpRequest, pk: int) -> HttpResponse:
    staff = get_object_or_404(Staff.objects.visible_to(request.user), pk=pk)
    return render(request, "users/staff.html", {"staff": staff})

"""Pages about the students of an account."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import MergeConflict
from common.model_meta import is_referenced
from common.permissions import account_action, account_form
from common.throttle import rate_limited
from common.views import redirect_with
from users.domain import guardianship, privacy
from users.errors import AlreadyInCare, StudentInUse
from users.forms.care import HandOverForm, OwnRecordForm, StudentForm
from users.models import Student
from users.requests import AccountRequest

ALREADY_IN_CARE = gettext_lazy("Someone with this name is already in your care.")


def _student_in_care(request: AccountRequest, pk: int) -> Student:
    return get_object_or_404(Student, pk=pk, guardian=request.user)


@account_form
def own_record(request: AccountRequest) -> HttpResponse:
    student = Student.objects.filter(user=request.user).first()
    form = OwnRecordForm(request.POST or None, instance=student)
    if form.is_valid():
        guardianship.change_student(student or guardianship.ensure_own_record(request.user), form.cleaned_data)
        return redirect_with(request, _("Saved."), "profile_page")
    return render(request, "users/own_record.html", {"form": form, "student": student})


@account_form
def care_add(request: AccountRequest) -> HttpResponse:
    form = StudentForm(request.POST or None)
    if form.is_valid():
        try:
            student = guardianship.add_student(request.user, form.cleaned_data)
        except AlreadyInCare:
            form.add_error("first_name", ALREADY_IN_CARE)
        else:
            return redirect_with(request, _("%(name)s is now in your care.") % {"name": student}, "profile_page")
    return render(request, "users/care_add.html", {"form": form})


@account_form
def care_edit(request: AccountRequest, pk: int) -> HttpResponse:
    student = _student_in_care(request, pk)
    title = str(student)
    form = StudentForm(request.POST or None, instance=student)
    if form.is_valid():
        try:
            guardianship.change_student(student, form.cleaned_data)
        except AlreadyInCare:
            form.add_error("first_name", ALREADY_IN_CARE)
        else:
            return redirect_with(request, _("Saved."), "profile_page")
    return render(request, "users/care_edit.html", {"form": form, "student": student, "title": title})


@account_form
def care_remove(request: AccountRequest, pk: int) -> HttpResponse:
    student = _student_in_care(request, pk)
    if request.method == "POST":
        try:
            guardianship.remove_student(request.user, student)
        except StudentInUse:
            text = _("%(name)s has bookings, so this record can’t be deleted.")
            messages.error(request, text % {"name": student})
        else:
            messages.success(request, _("%(name)s was removed.") % {"name": student})
        return redirect("profile_page")
    return render(request, "users/care_remove.html", {"student": student, "needed": is_referenced(student)})


@account_form
@rate_limited("hand over", by_account="10/h")
def care_hand_over(request: AccountRequest, pk: int) -> HttpResponse:
    student = _student_in_care(request, pk)
    form = HandOverForm(request.user, request.POST or None)
    if form.is_valid():
        guardianship.offer_own_account(request.user, student, form.cleaned_data["email"])
        text = _("We’ve emailed %(name)s. Nothing changes until they answer.")
        return redirect_with(request, text % {"name": student}, "profile_page")
    return render(request, "users/care_hand_over.html", {"form": form, "student": student})


@account_action
def care_take_back(request: AccountRequest, pk: int) -> HttpResponse:
    student = _student_in_care(request, pk)
    guardianship.withdraw_offer(student)
    return redirect_with(request, _("%(name)s stays in your care.") % {"name": student}, "profile_page")


@account_action
def offer_answer(request: AccountRequest, pk: int) -> HttpResponse:
    student, reply = _offered_student(request, pk), _parse_answer(request.POST.get("answer", ""))
    try:
        guardianship.answer_claim(request.user, student, reply)
    except AlreadyInCare:
        return redirect("offer_join", student.pk, reply.value)
    return redirect_with(request, _("Thanks, noted."), "profile_page")


@account_form
def offer_join(request: AccountRequest, pk: int, answer: str) -> HttpResponse:
    """The account already has a record for this person: show what a merge would do, and then merge."""
    student, reply = _offered_student(request, pk), _parse_answer(answer)
    target = guardianship.conflicting_record(request.user, student, reply)
    if target is None:
        raise Http404
    sentences: list[str] = []
    problem = ""
    try:
        sentences = privacy.preview_merge(student, target)
    except MergeConflict as conflict:
        problem = str(conflict)
    if request.method != "POST":
        context = {"student": student, "target": target, "sentences": sentences, "problem": problem}
        return render(request, "users/offer_join.html", context)
    if problem:
        guardianship.request_office_merge(request.user, student, reply)
        messages.success(request, _("The office will combine the two records and let you know."))
    else:
        guardianship.merge_claimed_record(request.user, student, reply)
        text = _("Combined: everything of %(source)s is now with %(target)s.")
        messages.success(request, text % {"source": student, "target": target})
    return redirect("profile_page")


def _offered_student(request: AccountRequest, pk: int) -> Student:
    return get_object_or_404(Student, pk=pk, offered_to=request.user)


def _parse_answer(text: str) -> guardianship.ClaimAnswer:
    try:
        return guardianship.ClaimAnswer(text)
    except ValueError:
        raise Http404 from None

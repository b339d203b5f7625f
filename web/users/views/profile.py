"""Pages on which people see and change their own account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from common.permissions import account_action, account_form, account_page
from common.throttle import rate_limited
from common.views import redirect_with
from users.domain import accounts, consents, email_changes, second_factor, staff_profiles
from users.errors import EmailChangeRefused
from users.forms.account import CloseAccountForm, NamesForm, NewAddressForm
from users.forms.staff import StaffForm
from users.models import Staff, Student
from users.requests import AccountRequest


@account_page
def profile_page(request: AccountRequest) -> HttpResponse:
    user = request.user
    context = {
        "own": Student.objects.filter(user=user).first(),
        "in_care": user.in_care.all(),
        "offered_students": user.offered_students.select_related("guardian"),
        "staff": Staff.objects.filter(user=user).first(),
        "missing": get_text_list([str(text) for text in consents.missing_consents(user)], _("and")),
        "second_factor": second_factor.can_use_second_factor(user),
    }
    return render(request, "users/profile.html", context)


@account_form
def user_update(request: AccountRequest) -> HttpResponse:
    names = {"first_name": request.user.first_name, "last_name": request.user.last_name}
    form = NamesForm(request.POST or None, initial=names)
    if form.is_valid():
        accounts.rename_account(request.user, **form.cleaned_data)
        return redirect_with(request, _("Your name has been changed."), "profile_page")
    return render(request, "users/update.html", {"form": form})


@account_form
@rate_limited("password", by_account="10/h")
def email_change(request: AccountRequest) -> HttpResponse:
    form = NewAddressForm(request.user, request.POST or None)
    if form.is_valid():
        email_changes.request_email_change(request.user, form.cleaned_data["email"])
        return redirect_with(request, _("We’ve sent a link to your new address. Open it to confirm."), "profile_page")
    return render(request, "users/email_change.html", {"form": form})


@account_form
def email_confirm(request: AccountRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        try:
            email_changes.confirm_email(request.user, token)
        except EmailChangeRefused:
            return render(request, "users/email_confirm.html", {"fits": False})
        messages.success(request, _("Your email address has been changed. Use it to log in from now on."))
        return redirect("profile_page")
    return render(
        request, "users/email_confirm.html", {"fits": email_changes.is_confirmation_valid(request.user, token)}
    )


@account_form
def staff_update(request: AccountRequest) -> HttpResponse:
    profile = get_object_or_404(Staff, user=request.user)
    form = StaffForm(request.POST or None, request.FILES or None, instance=profile)
    if form.is_valid():
        staff_profiles.save_staff_profile(profile, **form.cleaned_data)
        return redirect_with(request, _("Your public profile has been saved."), "profile_staff", profile.pk)
    return render(request, "users/staff_update.html", {"form": form, "profile": profile})


@account_page
def my_consents(request: AccountRequest) -> HttpResponse:
    context = {"missing": consents.missing_consents(request.user), "history": request.user.consents.all()}
    return render(request, "users/consents.html", context | {"texts": consents.consent_texts()})


@account_action
def consent_give(request: AccountRequest, kind: str) -> HttpResponse:
    version = consents.consent_versions().get(kind)
    if version is None:
        raise Http404
    consents.give_consents(request.user, {kind: version})
    return redirect_with(request, _("Thanks, we’ve noted that you agree."), "my_consents")


@account_action
def consent_withdraw(request: AccountRequest, kind: str) -> HttpResponse:
    consents.withdraw_consent(request.user, kind)
    return redirect_with(request, _("We’ve noted that you no longer agree."), "my_consents")


@account_form
@rate_limited("password", by_account="10/h")
def account_close(request: AccountRequest) -> HttpResponse:
    form = CloseAccountForm(request.user, request.POST or None)
    if form.is_valid():
        accounts.close_account(request.user, request.user, why="asked by the owner")
        logout(request)
        return redirect("account_closed")
    return render(request, "users/close.html", {"form": form})

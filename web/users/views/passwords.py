"""Pages for logging in and for choosing a password, the first time with a mailed link."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from common import demo
from common.throttle import rate_limited, uncount_request
from common.views import FORM_METHODS
from users.domain import account_links, accounts
from users.errors import AccountLinkInvalid
from users.forms.account import LinkForm, LogInForm
from users.models import User

BACKEND = "users.backends.PermissionBackend"
LINK_OWNER_KEY = "link_of"  # the session stores under this key whose old link was opened


@method_decorator(rate_limited("login", by_address="60/h"), name="dispatch")
class LogIn(auth.LoginView):
    form_class = LogInForm
    template_name = "users/login.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        # Only failures count, because a whole studio logs in from one address.
        response = super().form_valid(form)
        uncount_request(self.request)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | demo_log_ins()


def demo_log_ins() -> dict[str, Any]:
    # They are shown while DEBUG is on and the database has the people of the demo school.
    emails = [person.email for person in demo.PEOPLE]
    if not settings.DEBUG or User.objects.filter(email__in=emails).count() < len(emails):
        return {}
    return {"demo_people": demo.PEOPLE, "demo_password": demo.PASSWORD}


@never_cache
@rate_limited("link", by_address="20/h", by_account="5/h")
@require_http_methods(FORM_METHODS)
def password_reset(request: HttpRequest) -> HttpResponse:
    form = LinkForm(request.POST or None)
    if form.is_valid():
        account_links.mail_password_link(form.cleaned_data["email"])
        return redirect("password_reset_done")
    return render(request, "users/password_reset.html", {"form": form})


@rate_limited("link", by_address="20/h")
@require_POST
def link_again(request: HttpRequest) -> HttpResponse:
    # The page of an old link has one button for this: the address is known, so that nobody has to type it.
    user = User.objects.filter(pk=request.session.pop(LINK_OWNER_KEY, None)).first()
    if user is None:
        return redirect("password_reset")
    account_links.mail_password_link(user.email)
    return redirect("password_reset_done")


class ChoosePassword(auth.PasswordResetConfirmView):
    """Django's view moves the token from the URL into the session, so that no Referer header contains it."""

    user: User | None
    template_name = "users/choose_password.html"
    token_generator = account_links.LinkTokens()

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        # Django has checked the link, but another click may have used it since then.
        token = self.request.session.pop(auth.INTERNAL_RESET_SESSION_TOKEN)
        try:
            user = accounts.choose_password(form.user, form.cleaned_data["new_password1"], token)
        except AccountLinkInvalid:
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        login(self.request, user, BACKEND)
        return redirect("password_reset_complete")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if self.validlink and self.user:
            return context | {"first": not self.user.has_usable_password()}
        problem = account_links.link_problem(self.user, self._token()) or account_links.LinkProblem.USED
        if self.user and problem in (account_links.LinkProblem.EXPIRED, account_links.LinkProblem.USED):
            self.request.session[LINK_OWNER_KEY] = self.user.pk
        return context | {"trouble": problem}

    def _token(self) -> str | None:
        token: str = self.kwargs["token"]
        if token == self.reset_url_token:
            return self.request.session.get(auth.INTERNAL_RESET_SESSION_TOKEN)
        return token


@method_decorator(rate_limited("password", by_account="10/h"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ChangePassword(auth.PasswordChangeView):
    template_name = "users/password_change.html"

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        # This logs the person out of other browsers, but not of this one.
        accounts.change_password(form.user, form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, form.user)
        return redirect("password_change_done")

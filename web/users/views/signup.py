from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django_registration.views import RegistrationView

from common.throttle import rate_limited
from users.domain import accounts
from users.forms.signup import SignUpForm


@method_decorator(rate_limited("signup", by_address="20/h", by_account="5/h"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class SignUp(RegistrationView):
    """The workflow of django-registration, with a form that does not reveal who has an account."""

    form_class = SignUpForm
    template_name = "users/signup.html"
    success_url = reverse_lazy("signup_done")
    disallowed_url = reverse_lazy("signup_closed")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect("profile_page")
        return super().dispatch(request, *args, **kwargs)

    def register(self, form: SignUpForm) -> None:
        given = form.cleaned_data
        accounts.sign_up(given["email"], given["first_name"], given["last_name"], form.agreed())

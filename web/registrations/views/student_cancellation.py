from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from billing.errors import AlreadyCanceled, CancellationChanged
from common.permissions import account_form
from registrations.domain.cancellations import student_cancellation
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from users.requests import AccountRequest


@account_form
@never_cache
def cancel_my_registration(request: AccountRequest, pk: int) -> HttpResponse:
    """A payer is redirected to the cancellation page of the order, which shows the amounts."""
    registration = get_object_or_404(
        Registration.objects.whole_class().visible_to(request.user).for_lists().prefetch_related(None), pk=pk
    )
    line = registration.line
    if line is not None and line.order.belongs_to(request.user):
        return redirect(line.cancel_address)
    if not registration.is_live:
        messages.info(request, _("This class is already canceled."))
        return redirect("my_classes")
    if request.method != "POST":
        return _render_cancellation(request, registration)
    try:
        student_cancellation.cancel_own_registration(
            registration, timezone.now(), seen=request.POST.get("seen", ""), by=request.user
        )
    except CancellationChanged as changed:
        return _render_cancellation(request, registration, str(changed), status=409)
    except RegistrationRefused:
        return _render_cancellation(request, registration, status=409)
    except AlreadyCanceled as canceled:
        messages.info(request, str(canceled))
    else:
        messages.success(request, _("Your spot is canceled. Thanks for letting us know."))
    return redirect("my_classes")


def _render_cancellation(
    request: HttpRequest, registration: Registration, problem: str = "", *, status: int = 200
) -> HttpResponse:
    seen, refused = "", ""
    try:
        seen = student_cancellation.quote_student_cancellation(registration, timezone.now()).fingerprint
    except RegistrationRefused as error:
        refused = str(error)
    context = {
        "registration": registration,
        "class_offer": registration.class_offer,
        "seen": seen,
        "refused": refused,
        "problem": problem,
    }
    return render(request, "registrations/cancel_registration.html", context, status=status)

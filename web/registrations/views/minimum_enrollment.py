"""The desk's list of classes with a minimum enrollment, and the decisions about them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from classwork.errors import ChangeRefused
from classwork.models import ClassOffer
from common import dates
from common.days import FAR
from common.formats import format_date
from common.forms import ReasonForm
from common.permissions import desk_action, desk_page
from registrations.domain import minimum_enrollment
from registrations.forms.minimum_enrollment import PostponeDecisionForm
from users.roles import acting_user


@desk_page("classwork.view_classoffer")
def index(request: HttpRequest) -> HttpResponse:
    class_offers = minimum_enrollment.annotate_registered(
        ClassOffer.objects.tentative().select_related("subject__level", "session", "location")
    )
    rows = []
    for class_offer in class_offers.order_by("decision_date", "pk"):
        registered: int = class_offer.registered  # type: ignore[attr-defined]
        value = min(registered, class_offer.minimum_enrollment or 0)
        rows.append((class_offer, value, minimum_enrollment.minimum_progress_text(class_offer, registered)))
    return render(request, "registrations/desk/minimum_enrollment.html", {"rows": rows, "today": dates.local_today()})


@desk_action("classwork.change_classoffer")
def decide(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    class_offer = get_object_or_404(ClassOffer.objects.select_related("subject__level", "session"), pk=pk)
    form = ReasonForm(request.POST) if action == "confirm" else PostponeDecisionForm(request.POST)
    if not form.is_valid():
        usual = (
            _("Please enter a reason.") if action == "confirm" else _("Please enter a reason and a new decision date.")
        )
        messages.error(request, FAR if form.has_error("day", "far") else usual)
        return redirect("desk_minimum")
    why, by = form.cleaned_data["why"], acting_user(request)
    try:
        if action == "confirm":
            minimum_enrollment.confirm_class(class_offer, why=why, by=by)
            confirmed = _("%(class)s is confirmed. Everyone registered is being emailed.")
            messages.success(request, confirmed % {"class": class_offer})
        else:
            minimum_enrollment.postpone_decision(class_offer, form.cleaned_data["day"], why=why, by=by)
            values = {"class": class_offer, "date": format_date(form.cleaned_data["day"])}
            messages.success(request, _("%(class)s: the decision date is now %(date)s.") % values)
    except ChangeRefused as error:
        messages.error(request, str(error))
    return redirect("desk_minimum")

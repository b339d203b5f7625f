"""The office's pages about a class and the next session, which show registrations."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.schedule import next_session
from classwork.domain.schedule.previews import Preview
from classwork.errors import ChangeRefused, PreviewOutdated
from classwork.forms.next_session import repeated_class_forms
from classwork.forms.schedule import SessionForm
from classwork.models import ClassOffer, Session
from common import dates
from common.permissions import desk_form, desk_page
from common.views import posted_data
from registrations.domain import capacity, level_progress
from users.roles import acting_user


def created_message(session: Session, count: int) -> str:
    return ngettext(
        "%(session)s has been created with %(count)s class. It is not approved yet.",
        "%(session)s has been created with %(count)s classes. They are not approved yet.",
        count,
    ) % {"session": session.title, "count": count}


@desk_form("classwork.add_session")
def plan_next(request: HttpRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(Session, pk=pk)
    initial, repeats = next_session.propose_next_session(source)
    data = posted_data(request)
    form, rows = SessionForm(data, initial=initial), repeated_class_forms(data, repeats)
    context: dict[str, Any] = {"source": source, "form": form, "rows": rows}
    if all([form.is_valid(), *(row.is_valid() for row in rows)]):
        chosen = [row for row in rows if row.cleaned_data["keep"]]
        repeated = [row.repeat() for row in chosen]
        try:
            if seen := request.POST.get("seen"):
                session = next_session.create_next_session(acting_user(request), form.values(), repeated, seen=seen)
                messages.success(request, created_message(session, len(repeated)))
                return redirect("desk_sessions")
            context["preview"] = next_session.preview_next_session(form.values(), repeated)
        except PreviewOutdated:
            context["preview"] = next_session.preview_next_session(form.values(), repeated)
        except ChangeRefused as error:
            context["preview"] = Preview(problems=error.problems)
        for problem in context["preview"].problems:
            # The field name starts with the number of the class. Without a number it belongs to the session.
            number, _, field = problem.field.partition("-")
            where, name = (chosen[int(number)], field) if number.isdigit() else (form, problem.field)
            where.add_error(name if name in where.fields else None, problem.sentence)
    context["advice"] = level_progress.advise_next_session(source, timezone.now())
    return render(request, "registrations/desk/next_session.html", context)


@desk_page("classwork.view_meeting")
def class_days(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer = get_object_or_404(ClassOffer.objects.with_timetable(), pk=pk)
    context = {
        "class_offer": class_offer,
        "listed": ClassSummary(class_offer, dates.local_today()),
        "availability": capacity.availability_of(class_offer, timezone.now()),
    }
    return render(request, "registrations/desk/class_days.html", context)

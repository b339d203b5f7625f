from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import search
from common.permissions import desk_required
from mailroom import registry
from mailroom.domain import bounces, office_actions, overrides
from mailroom.domain.preview import CannotBeShown, shown
from mailroom.forms import ReasonForm
from mailroom.layout import as_page
from mailroom.models import Message, State, Suppression

PAGE_SIZE = 25
VIEW_PERMISSION, RESEND_PERMISSION = "mailroom.view_message", "mailroom.resend_message"


@require_safe
@desk_required(VIEW_PERMISSION)
def mail(request: HttpRequest) -> HttpResponse:
    state, query = request.GET.get("state", ""), search.words(request)
    context = {
        "state": state if state in State.values else "",
        "states": State.choices,
        "q": query,
        "page": Paginator(found(state, query), PAGE_SIZE).get_page(request.GET.get("page")),
        "unsure": Message.objects.filter(state=State.PERHAPS).count(),
    }
    return render(request, "mailroom/mail.html", context)


def found(state: str, query: str) -> "QuerySet[Message]":
    matches = Message.objects.all()
    if state in State.values:
        matches = matches.filter(state=state)
    for word in query.split()[:5]:
        names = [name for name, mail in registry.mails().items() if word.lower() in mail.title.lower()]
        in_mail = Q(subject__icontains=word) | Q(template__icontains=word) | Q(template__in=names)
        matches = matches.filter(in_mail | Q(to__icontains=word) | Q(about_id=word))
    return matches


@require_safe
@desk_required(VIEW_PERMISSION)
def message(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, get_object_or_404(Message, pk=pk), ReasonForm())


def show(request: HttpRequest, message: Message, form: ReasonForm) -> HttpResponse:
    context: dict[str, Any] = {
        "message": message,
        "about": office_actions.about(message, request.user),
        "form": form,
        "can_send": message.state not in (State.DRAFTED, State.SENDING),
        "can_set_aside": message.state in (State.QUEUED, State.PARKED, State.PERHAPS),
    }
    try:
        context["letter"] = shown(message)
    except CannotBeShown as error:
        context["why_not"] = str(error)
    return render(request, "mailroom/message.html", context)


@require_safe
@desk_required(VIEW_PERMISSION)
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        return as_page(shown(get_object_or_404(Message, pk=pk)).html)
    except CannotBeShown:
        raise Http404 from None


@require_POST
@desk_required(RESEND_PERMISSION)
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(Message, pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return show(request, message, form)
    action, confirmation = ACTIONS.get(request.POST.get("deed", ""), ACTIONS["again"])
    try:
        action(request.user, pk, form.cleaned_data["why"])
    except office_actions.TooLate:
        messages.warning(request, "This has changed since you opened the page. Here is the current status.")
    else:
        messages.success(request, confirmation)
    return redirect("desk_message", pk)


ACTIONS: dict[str, tuple[Callable[[Any, int, str], Message], str]] = {
    "again": (office_actions.send_again, "It will be sent in a moment."),
    "aside": (office_actions.set_aside, "Dismissed. It will not be sent unless you resend it."),
}


@require_safe
@desk_required("mailroom.view_template")
def texts(request: HttpRequest) -> HttpResponse:
    return render(request, "mailroom/texts.html", {"rows": overrides.overview()})


@require_safe
@desk_required("mailroom.view_suppression")
def suppressed(request: HttpRequest) -> HttpResponse:
    blocked = Suppression.objects.filter(lifted_at=None)
    page = Paginator(blocked, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "mailroom/suppressed.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@desk_required("mailroom.lift_suppression")
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    suppression = get_object_or_404(Suppression, pk=pk)
    form = ReasonForm(request.POST or None)
    if not form.is_valid():
        return render(request, "mailroom/lift.html", {"suppression": suppression, "form": form})
    try:
        bounces.lift(request.user, pk, form.cleaned_data["why"])
    except bounces.TooLate:
        messages.warning(request, "Someone else has already unblocked this address.")
    else:
        messages.success(
            request, f"{suppression.email} receives email again. Emails blocked until now will not be sent."
        )
    return redirect("desk_suppressed")

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common import search
from common.forms import SAVED_IN_HISTORY, ReasonForm
from common.permissions import desk_action, desk_form, desk_page
from mailroom import registry
from mailroom.domain import bounces, office_actions, overrides
from mailroom.domain.rendered_mail import frame_html
from mailroom.errors import MailActionRefused
from mailroom.layout import framed_page
from mailroom.models import Message, MessageState, Suppression
from outbox.domain.trace import has_trace

PAGE_SIZE = 25
VIEW_PERMISSION, RESEND_PERMISSION = "mailroom.view_message", "mailroom.resend_message"


@desk_page(VIEW_PERMISSION)
def mail(request: HttpRequest) -> HttpResponse:
    state, query = request.GET.get("state", ""), search.search_text(request)
    context = {
        "state": state if state in MessageState.values else "",
        "states": MessageState.choices,
        "q": query,
        "page": Paginator(matching_messages(state, query), PAGE_SIZE).get_page(request.GET.get("page")),
        # The list of these messages needs no link to itself.
        "unsure": state != MessageState.PERHAPS and Message.objects.filter(state=MessageState.PERHAPS).count(),
    }
    return render(request, "mailroom/mail.html", context)


def matching_messages(state: str, query: str) -> "QuerySet[Message]":
    matches = Message.objects.all()
    if state in MessageState.values:
        matches = matches.filter(state=state)
    for word in query.split()[:5]:
        names = [name for name, mail in registry.declared_mails().items() if word.lower() in str(mail.title).lower()]
        in_mail = Q(subject__icontains=word) | Q(template__icontains=word) | Q(template__in=names)
        matches = matches.filter(in_mail | Q(to__icontains=word) | Q(about_id=word))
    return matches


@desk_page(VIEW_PERMISSION)
def message(request: HttpRequest, pk: int) -> HttpResponse:
    return render_message(request, get_object_or_404(Message, pk=pk), _reason_form())


def _reason_form(data: QueryDict | None = None) -> ReasonForm:
    return ReasonForm(data, max_length=200, help_text=SAVED_IN_HISTORY)


def render_message(request: HttpRequest, message: Message, form: ReasonForm) -> HttpResponse:
    context = {
        "message": message,
        "has_trace": has_trace(message.about_type, message.about_id),
        "about": office_actions.subject_link_for(message, request.user),
        "form": form,
        "can_send": message.state not in (MessageState.DRAFTED, MessageState.SENDING),
        "can_set_aside": message.state in (MessageState.QUEUED, MessageState.PARKED, MessageState.PERHAPS),
    }
    return render(request, "mailroom/message.html", context)


@desk_page(VIEW_PERMISSION)
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(Message.objects.exclude(html=""), pk=pk)
    return framed_page(frame_html(message.kind, message.subject, message.html))


@desk_action(RESEND_PERMISSION)
def resend_or_dismiss_message(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(Message, pk=pk)
    form = _reason_form(request.POST)
    if not form.is_valid():
        return render_message(request, message, form)
    action, confirmation = ACTIONS.get(request.POST.get("action", ""), ACTIONS["again"])
    try:
        action(request.user, pk, form.cleaned_data["why"])
    except MailActionRefused:
        messages.warning(request, gettext("This has changed since you opened the page. Here is the current status."))
    else:
        messages.success(request, str(confirmation))
    return redirect("desk_message", pk)


ACTIONS: dict[str, tuple[Callable[[Any, int, str], Message], str | Promise]] = {
    "again": (office_actions.resend_message, _("It will be sent in a moment.")),
    "aside": (office_actions.dismiss_message, _("Dismissed. It will not be sent unless you resend it.")),
}


@desk_page("mailroom.view_template")
def texts(request: HttpRequest) -> HttpResponse:
    return render(request, "mailroom/texts.html", {"rows": overrides.list_mail_texts()})


@desk_page("mailroom.view_suppression")
def suppressed(request: HttpRequest) -> HttpResponse:
    blocked = Suppression.objects.filter(lifted_at=None)
    page = Paginator(blocked, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "mailroom/suppressed.html", {"page": page})


@desk_form("mailroom.lift_suppression")
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    suppression = get_object_or_404(Suppression, pk=pk)
    form = _reason_form(request.POST or None)
    if not form.is_valid():
        return render(request, "mailroom/lift.html", {"suppression": suppression, "form": form})
    try:
        bounces.lift_suppression(request.user, pk, form.cleaned_data["why"])
    except MailActionRefused:
        messages.warning(request, gettext("Someone else has already unblocked this address."))
    else:
        messages.success(
            request,
            gettext("%(address)s receives email again. Emails blocked until now will not be sent.")
            % {"address": suppression.email},
        )
    return redirect("desk_suppressed")

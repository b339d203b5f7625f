"""The pages for people's own mails and email preferences. A link in a mail opens the preferences without a login."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common import links
from common.permissions import account_form, account_page
from common.views import FORM_METHODS
from mailroom.declare import MailKind
from mailroom.domain import preferences, reader_links
from mailroom.domain.rendered_mail import frame_html
from mailroom.forms import PreferencesForm
from mailroom.layout import framed_page
from mailroom.models import Message, MessageState

PAGE_SIZE = 25
VISIBLE_STATES = [MessageState.SENT, MessageState.PERHAPS, MessageState.BOUNCED, MessageState.SUPPRESSED]


def visible_to(user: Any) -> "QuerySet[Message]":
    # This includes mails to the address of the account that were sent before the account existed. It excludes mails
    # that were not needed anymore, which were never written.
    own_mails = Q(person_id=user.pk) | Q(person_id=None, to=user.email)
    return Message.objects.filter(own_mails, state__in=VISIBLE_STATES).exclude(state=MessageState.SUPPRESSED, text="")


@account_page
def my_messages(request: HttpRequest) -> HttpResponse:
    page = Paginator(visible_to(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "mailroom/my_messages.html", {"page": page})


@account_page
def my_message(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(visible_to(request.user), pk=pk)
    return render(request, "mailroom/my_message.html", {"message": message})


@account_page
def my_message_html(request: HttpRequest, pk: int) -> HttpResponse:
    message = get_object_or_404(visible_to(request.user).exclude(html=""), pk=pk)
    return framed_page(frame_html(message.kind, message.subject, message.html))


@account_form
def my_choices(request: HttpRequest) -> HttpResponse:
    return edit_preferences(request, getattr(request.user, "email", ""))


@require_http_methods(FORM_METHODS)
def choose(request: HttpRequest, token: str) -> HttpResponse:
    try:
        message = reader_links.message_of_link(token)
    except links.LinkInvalid:
        return render_expired_link(request)
    return edit_preferences(request, message.to)


def edit_preferences(request: HttpRequest, address: str) -> HttpResponse:
    form = PreferencesForm(
        request.POST if request.method == "POST" else None, current=preferences.preferences_of(address)
    )
    if form.is_valid():
        preferences.save_preferences(address, form.chosen_kinds)
        messages.success(request, gettext("Your preferences have been saved."))
        return redirect(request.path)
    return render(request, "mailroom/choices.html", {"form": form, "address": address})


@csrf_exempt
@require_http_methods(FORM_METHODS)
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Mail programs post here to unsubscribe with one click (RFC 8058), so there is no CSRF token.

    A GET request only shows a page with a button, because virus scanners open every link.
    """
    try:
        message = reader_links.message_of_link(token)
    except links.LinkInvalid:
        return render_expired_link(request)
    done = request.method == "POST"
    if done:
        preferences.save_preferences(message.to, {MailKind(message.kind): False})
    context = {"done": done, "kind": MailKind(message.kind), "choose": reader_links.footer_links(message).choose}
    return render(request, "mailroom/stop.html", context)


def render_expired_link(request: HttpRequest) -> HttpResponse:
    return render(request, "mailroom/old_link.html", status=404)

"""Pages of the desk, where the people who run the school do their work."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from common.permissions import desk_action, desk_form, desk_page
from common.views import redirect_with
from common.work_lists import open_work_for
from pages.domain import contact, texts
from pages.errors import TextChanged
from pages.forms import TextForm
from pages.models import ContactMessage, SiteContent
from pages.text_pages import TEXT_PAGES, render_text_page
from users.roles import acting_user

PER_PAGE = 25


@desk_page()
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/home.html", {"open_work": open_work_for(request.user)})


@desk_page("pages.view_contactmessage")
def contact_list(request: HttpRequest) -> HttpResponse:
    answered = request.GET.get("show") == "answered"
    contact_messages = ContactMessage.objects.filter(answered_at__isnull=not answered).select_related("answered_by")
    page = Paginator(contact_messages, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/contact.html", {"page": page, "answered": answered})


@desk_action("pages.change_contactmessage")
def contact_answered(request: HttpRequest, pk: int) -> HttpResponse:
    message = contact.mark_answered(get_object_or_404(ContactMessage, pk=pk), acting_user(request))
    text = _("The message from %(name)s has been marked as answered.")
    return redirect_with(request, text % {"name": message.name}, "desk_contact")


@desk_page("pages.change_sitecontent")
def text_list(request: HttpRequest) -> HttpResponse:
    rows = [(TEXT_PAGES[row.key], row) for row in texts.text_overviews(TEXT_PAGES)]
    return render(request, "desk/texts.html", {"rows": rows})


@desk_form("pages.change_sitecontent")
def text_edit(request: HttpRequest, key: str) -> HttpResponse:
    content = draft_for_key(key)
    form = TextForm(request.POST or None, instance=content)
    if form.is_valid():
        texts.save_draft(form.save(commit=False), acting_user(request))
        return redirect("desk_text_preview", key)
    return render(request, "desk/text.html", {"form": form, "text_page": TEXT_PAGES[key], "content": content})


@desk_page("pages.change_sitecontent")
def text_preview(request: HttpRequest, key: str) -> HttpResponse:
    content = get_object_or_404(SiteContent, key=key, key__in=TEXT_PAGES)
    preview = {"above": "desk/preview_bar.html", "content": content, "seen": texts.draft_digest(content)}
    return render_text_page(request, key, texts.next_edition(content), **preview)


@desk_action("pages.change_sitecontent")
def text_publish(request: HttpRequest, key: str) -> HttpResponse:
    content = get_object_or_404(SiteContent, key=key, key__in=TEXT_PAGES)
    try:
        edition = texts.publish_text(content, request.POST.get("seen", ""), acting_user(request))
    except TextChanged:
        messages.warning(request, _("Someone changed this text after you opened the preview. Please check it again."))
        return redirect("desk_text_preview", key)
    messages.success(request, _("Published as version %(number)s.") % {"number": edition.number})
    return redirect(TEXT_PAGES[key].url_name)


def draft_for_key(key: str) -> SiteContent:
    """A page that has no text yet gets an empty draft with the page's name as its title."""
    if key not in TEXT_PAGES:
        raise Http404
    return SiteContent.objects.filter(key=key).first() or SiteContent(key=key, title=str(TEXT_PAGES[key].name))

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.admin import ReadOnlyAdmin
from pages.domain import texts
from pages.models import ContactMessage, Edition, SiteContent
from pages.text_pages import TEXT_PAGES
from users.roles import acting_user


@admin.register(SiteContent)
class SiteContentAdmin(admin.ModelAdmin):
    list_display = ["title", "key", "changed_at", "preview"]
    search_fields = ["title", "key", "draft"]
    readonly_fields = ["preview"]
    fields = ["key", "title", "draft", "preview"]

    def save_model(self, request: HttpRequest, obj: SiteContent, form: ModelForm, change: bool) -> None:
        texts.save_draft(obj, acting_user(request))

    @admin.display(description=_("preview"))
    def preview(self, obj: SiteContent) -> str | SafeString:
        if obj.key not in TEXT_PAGES or obj.pk is None:
            return "–"
        url = reverse("desk_text_preview", args=[obj.key])
        return format_html('<a href="{}">{}</a>', url, gettext("Preview and publish"))


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["title", "number", "published_at"]
    list_filter = ["content"]


@admin.register(ContactMessage)
class ContactMessageAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ["name", "email", "sent_at", "answered_at", "answered_by"]
    list_filter = ["sent_at", ("answered_at", admin.EmptyFieldListFilter)]
    list_select_related = ["answered_by"]
    search_fields = ["name", "email", "text"]

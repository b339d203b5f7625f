"""Adding a resource to a class: one form for each kind, short enough for a phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.resources import kind_rules
from classwork.models import ClassOffer, ReleaseMoment, Resource, Subject
from common import dates
from common.files.fields import UploadField
from common.files.uploads import Chosen, ReceivedUpload
from common.formats import format_date

Kind = Resource.Kind
INVITE = reverse_lazy("invite_upload")
AUDIENCES = [
    (Resource.Audience.STUDENT, _("Students of the class")),
    (Resource.Audience.TEACHER, _("Teachers of the class only")),
    (Resource.Audience.PUBLIC, _("Everyone, once the office approves")),
]
HERE, EVERYWHERE = "here", "everywhere"


class ResourceForm(forms.Form):
    title = forms.CharField(max_length=125, required=False, label=_("Title"))
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), required=False, label=_("Description"), help_text=_("Markdown works.")
    )
    opens = forms.ChoiceField(label=_("Opens"))
    to = forms.ChoiceField(label=_("Give it to"), widget=forms.RadioSelect)
    audience = forms.ChoiceField(label=_("For"), choices=AUDIENCES, widget=forms.RadioSelect)
    expires_after = forms.IntegerField(
        min_value=1,
        max_value=53,
        required=False,
        label=_("Expires after (weeks)"),
        help_text=_("Leave empty for no expiry."),
    )

    def __init__(self, kind: str, thing: ClassOffer | Subject, *args: Any, person: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.thing, self.person = kind, thing, person
        self.resource: Resource | None = self.initial.get("resource")
        self.fields["opens"] = forms.ChoiceField(label=gettext("Opens"), choices=release_choices(thing))
        if self.resource or isinstance(thing, Subject):
            del self.fields["to"]
        else:
            everywhere = gettext("Every class of %(subject)s") % {"subject": thing.subject.title}
            choices = [(HERE, gettext("This class")), (EVERYWHERE, everywhere)]
            self.fields["to"] = forms.ChoiceField(
                label=gettext("Give it to"), choices=choices, widget=forms.RadioSelect, initial=HERE
            )
        self._ask_for_payload()
        self.order_fields(["file", "link", "title", "text", "opens", "to", "subtitles", "audience", "expires_after"])

    def _ask_for_payload(self) -> None:
        if self.kind in Resource.FILES:
            label = Kind(self.kind).label
            is_required = self.resource is None
            self.fields["file"] = UploadField(
                self.kind, person=self.person, invite=INVITE, label=label, required=is_required
            )
        if self.kind == Kind.VIDEO:
            self.fields["subtitles"] = UploadField(
                "subtitles", person=self.person, invite=INVITE, label=gettext("Subtitles"), required=False
            )
        if self.kind in (Kind.LINK, Kind.PAGE):
            self.fields["link"] = forms.CharField(label=gettext("Link"), max_length=500)
        if self.kind in (Kind.TEXT, Kind.EMAIL):
            self.fields["text"] = forms.CharField(
                label=gettext("Text"), widget=forms.Textarea(attrs={"rows": 8}), help_text=gettext("Markdown works.")
            )
        self.fields["title"].required = self.kind not in Resource.FILES

    @property
    def first(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.folded]

    @property
    def more(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name in self.folded]

    @property
    def folded(self) -> set[str]:
        rest = {"subtitles", "audience", "expires_after"} | ({"text"} if self.kind in Resource.FILES else set())
        return rest - set(self.errors) if self.is_bound else rest

    def clean_link(self) -> str:
        return kind_rules.clean_link(self.kind, str(self.cleaned_data["link"]))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        sent = values.get("file")
        if sent and not values.get("title"):
            checked = sent.checked if isinstance(sent, ReceivedUpload) else sent
            values["title"] = PurePath(checked.title).stem.replace("_", " ")[:125]
        elif not values.get("title") and self.resource:
            values["title"] = self.resource.title
        return values

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        when, _, number = data["opens"].partition("-")
        return {
            "kind": self.kind,
            "title": data["title"],
            "text": data.get("text", ""),
            "link": data.get("link", ""),
            "audience": data["audience"],
            "when": when,
            "class_number": int(number) if number else None,
            "expires_after": data["expires_after"],
        }

    def chosen(self) -> dict[str, Chosen | None]:
        return {name: self.cleaned_data.get(name) for name in ("file", "subtitles") if name in self.fields}

    def target(self) -> ClassOffer | Subject:
        wide = isinstance(self.thing, ClassOffer) and self.cleaned_data.get("to") == EVERYWHERE
        return self.thing.subject if wide and isinstance(self.thing, ClassOffer) else self.thing


def release_choices(thing: ClassOffer | Subject) -> Sequence[tuple[str, str]]:
    days = {}
    if isinstance(thing, ClassOffer):
        days = {
            number: meeting.local_date
            for number, meeting in enumerate(ClassSummary(thing, dates.local_today()).meetings, 1)
        }
    weeks = thing.subject.num_weeks if isinstance(thing, ClassOffer) else thing.num_weeks
    count = max(weeks, len(days))
    after = [(f"{ReleaseMoment.CLASS}-{n}", after_class_text(n, days.get(n))) for n in range(1, count + 1)]
    return [
        (ReleaseMoment.SIGN_UP, gettext("Immediately on registration")),
        *after,
        (ReleaseMoment.COMPLETION, gettext("After the last class")),
    ]


def after_class_text(number: int, day: date | None) -> str:
    if day is None:
        return gettext("After class %(number)s") % {"number": number}
    return gettext("After class %(number)s, %(date)s") % {"number": number, "date": format_date(day)}


def default_release(thing: ClassOffer | Subject) -> str:
    if isinstance(thing, ClassOffer):
        for number, meeting in enumerate(ClassSummary(thing, dates.local_today()).meetings, 1):
            if meeting.local_date >= dates.local_today():
                return f"{ReleaseMoment.CLASS}-{number}"
        return ReleaseMoment.COMPLETION
    return f"{ReleaseMoment.CLASS}-1"


def resource_initial_values(resource: Resource) -> dict[str, Any]:
    number = f"-{resource.class_number}" if resource.class_number else ""
    names = ("title", "text", "link", "audience", "expires_after")
    return {name: getattr(resource, name) for name in names} | {
        "opens": f"{resource.when}{number}",
        "resource": resource,
    }

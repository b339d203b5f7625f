"""Choosing classes and the people who attend them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.models import ClassOffer
from classwork.rules.levels import format_level
from common.forms import set_choices
from registrations.domain.attendees import TypedPerson, default_choices
from registrations.domain.line_details import ME, OTHER, STUDENT, Attendee
from registrations.models import Registration
from registrations.rules.role_balance import EITHER
from users.forms.fields import AddressField, NameField
from users.models import Student, User

MOST_OTHERS = 6
Readiness = Registration.Readiness


class AttendeeForm(forms.Form):
    """Which of the people in the buyer's care attend."""

    who = forms.MultipleChoiceField(label=_("Who’s coming?"), widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, viewer: User | None, in_care: Sequence[Student], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        me = gettext("Me (%(name)s)") % {"name": viewer.get_full_name()} if viewer else gettext("Me")
        self.initial.setdefault("who", default_choices(viewer, in_care))
        set_choices(self, "who", [(ME, me), *((f"{STUDENT}-{child.pk}", str(child)) for child in in_care)])

    def attendees(self) -> Iterator[Attendee]:
        for choice in self.cleaned_data.get("who", []):
            _, _, number = choice.partition("-")
            yield Attendee(STUDENT, student_id=int(number)) if number else Attendee(ME)


class RegistrationForm(AttendeeForm):
    """The people and the classes of a registration."""

    field_order = ("classes", "who")

    classes = forms.MultipleChoiceField(
        label=_("Classes"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Please choose a class."),
            "invalid_choice": _("One of these classes isn’t open for registration."),
        },
    )
    others = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST_OTHERS, initial=0)
    ready = forms.ChoiceField(
        label=_("Has everyone taken it, here or elsewhere?"),
        choices=[(Readiness.READY, _("Yes")), (Readiness.UNSURE, _("I’m not sure"))],
        widget=forms.RadioSelect,
        required=False,
    )
    referral_source = forms.CharField(
        label=_("How did you hear about us?"),
        max_length=120,
        required=False,
    )

    def __init__(
        self,
        class_offers: Sequence[ClassOffer],
        viewer: User | None,
        in_care: Sequence[Student],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(viewer, in_care, *args, **kwargs)
        set_choices(self, "classes", [(str(class_offer.pk), str(class_offer)) for class_offer in class_offers])

    def ask_level_of(self, people: Sequence[Attendee]) -> None:
        if len(people) != 1:
            return
        person = people[0]
        if person.who == ME:
            self["ready"].label = gettext("Have you taken it, here or elsewhere?")
            return
        known = Student.objects.values_list("first_name", flat=True)
        name = person.first_name or known.get(pk=person.student_id or 0)
        self["ready"].label = gettext("Has %(name)s taken it, here or elsewhere?") % {"name": name}

    @property
    def class_ids(self) -> list[int]:
        return [int(number) for number in self.cleaned_data.get("classes", [])]


class OtherPersonForm(forms.Form):
    """Another person. An empty form is ignored."""

    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)
    email = AddressField(
        label=_("Their email"),
        required=False,
        widget=forms.EmailInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("We’ll send them the details. Leave empty for a child in your care."),
    )

    def attendee(self) -> Attendee | None:
        data = self.cleaned_data
        if not data.get("first_name"):
            return None
        return Attendee(OTHER, first_name=data["first_name"], last_name=data["last_name"], email=data["email"])


def other_person_forms(count: int, data: Mapping[str, Any] | None, *, checked: bool) -> list[OtherPersonForm]:
    """An unchecked form only shows again what was typed."""
    forms_shown = []
    for prefix in (f"other-{number}" for number in range(count)):
        typed = None
        if not checked:
            typed = {name: (data or {}).get(f"{prefix}-{name}", "") for name in OtherPersonForm.base_fields}
        forms_shown.append(
            OtherPersonForm(
                data if checked else None,
                prefix=prefix,
                initial=typed,
                empty_permitted=True,
                use_required_attribute=False,
            )
        )
    return forms_shown


def role_question(roles: Sequence[str]) -> str:
    return gettext("%(roles)s?") % {"roles": gettext(" or ").join(roles).capitalize()}


class RoleField(forms.ChoiceField):
    """Choices by the school's own names. `either` is resolved when the spot is reserved."""

    def __init__(self, roles: Sequence[str], **kwargs: Any) -> None:
        choices = [*((name, name.capitalize()) for name in roles), (EITHER, gettext("Either is fine"))]
        kwargs.setdefault("label", role_question(roles))
        super().__init__(choices=choices, widget=forms.RadioSelect, **kwargs)


class DanceRoleForm(forms.Form):
    """Asked at checkout for a class that has roles."""

    def __init__(self, roles: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = RoleField(roles)


class ContactEmailForm(forms.Form):
    email = AddressField(label=_("Another email"))


class LevelOverrideForm(forms.Form):
    """The level that a person sets. The first choice computes it from the classes taken."""

    CLASSES = "classes"

    number = forms.ChoiceField(label=_("Level"))
    why = forms.CharField(label=_("Reason"), max_length=300, help_text=_("For example “Danced for years in Lyon”."))

    def __init__(self, rungs: Sequence[tuple[Decimal, str]], given: Decimal | None, data: Any) -> None:
        super().__init__(data, initial={"number": self.CLASSES if given is None else format_level(given)})
        known = rungs if given is None or given in dict(rungs) else [*rungs, (given, "")]
        choices = [(format_level(number), f"{format_level(number)} {words}") for number, words in known]
        cast(forms.ChoiceField, self.fields["number"]).choices = [
            (self.CLASSES, gettext("Computed from classes taken")),
            *choices,
        ]

    def clean_number(self) -> Decimal | None:
        number = self.cleaned_data["number"]
        return None if number == self.CLASSES else Decimal(number)


class ClassOfferField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj)


class PersonForm(forms.Form):
    """A known person (`student`), or a name and an email address."""

    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)
    email = AddressField(
        help_text=_("For a child, the guardian’s email. We’ll email this address to confirm who the student is.")
    )

    def __init__(self, student: Student | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.student = student
        if student is not None:
            for name in ("first_name", "last_name", "email"):
                del self.fields[name]

    @property
    def person(self) -> Student | TypedPerson:
        if self.student is not None:
            return self.student
        data = self.cleaned_data
        return TypedPerson(data["first_name"], data["last_name"], data["email"])

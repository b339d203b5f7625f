"""Joining a waitlist: one person, or two who come together."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common import names
from registrations.domain.attendees import default_choices
from registrations.domain.line_details import ME, OTHER, STUDENT, Attendee
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.forms.registration import RoleField
from registrations.rules.role_balance import EITHER, CapacityRules, RoleCapacity
from users.forms.fields import AddressField, NameField
from users.models import Student, User


class JoinWaitlistForm(forms.Form):
    who = forms.ChoiceField(label=_("Who’s coming?"), widget=forms.RadioSelect)
    first_name = NameField(label=_("First name"), autocomplete="given-name")
    last_name = NameField(label=_("Last name"), autocomplete="family-name", required=False)
    email = AddressField(help_text=_("We’ll email you as soon as a spot opens up."))
    partner_first_name = NameField(label=_("First name"), required=False)
    partner_last_name = NameField(label=_("Last name"), required=False)
    partner_email = AddressField(
        label=_("Their email"), required=False, help_text=_("Leave empty for a child in your care.")
    )

    def __init__(
        self, roles: Sequence[str], viewer: User | None, in_care: Sequence[Student], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        if viewer is None:
            del self.fields["who"]
        else:
            for name in ("first_name", "last_name", "email"):
                del self.fields[name]
            me = gettext("Me (%(name)s)") % {"name": viewer.get_full_name()}
            people = [(ME, me), *((f"{STUDENT}-{one.pk}", str(one)) for one in in_care)]
            cast(forms.ChoiceField, self.fields["who"]).choices = people
            self.initial.setdefault("who", next(iter(default_choices(viewer, in_care)), None))
        if roles:
            self.fields["role"] = RoleField(roles)
            self.fields["partner_role"] = RoleField(roles, label=_("Their role"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_partner = data.get("partner_first_name")
        if not has_partner and (data.get("partner_last_name") or data.get("partner_email")):
            self.add_error(
                "partner_first_name", gettext("Please enter your partner’s first name, or leave this part empty.")
            )
        you = [data.get(name) or "" for name in ("first_name", "last_name", "email")]
        partner = [data.get(f"partner_{name}") or "" for name in ("first_name", "last_name", "email")]
        partner[2] = partner[2] or you[2]
        if has_partner and [names.name_key(part) for part in you] == [names.name_key(part) for part in partner]:
            self.add_error("partner_first_name", gettext("That’s the same person. Please enter your partner’s name."))
        if has_partner and "partner_role" in self.fields and not data.get("partner_role"):
            self.add_error("partner_role", gettext("Please choose their role."))
        return data

    @property
    def contact(self) -> Contact:
        if self.viewer is not None:
            return Contact(self.viewer.get_full_name(), self.viewer.email, self.viewer)
        data = self.cleaned_data
        return Contact(f"{data['first_name']} {data['last_name']}".strip(), data["email"])

    @property
    def people(self) -> str:
        named = [(request.attendee.first_name, request.attendee.last_name, request.role) for request in self.requests()]
        return " and ".join(f"{first} {last}".strip() + (f" ({role})" if role else "") for first, last, role in named)

    def requests(self) -> Iterator[WaitlistRequest]:
        data = self.cleaned_data
        if self.viewer is None:
            first = Attendee(OTHER, first_name=data["first_name"], last_name=data["last_name"], email=data["email"])
        else:
            _, _, number = data["who"].partition("-")
            first = Attendee(STUDENT, student_id=int(number)) if number else Attendee(ME)
        yield WaitlistRequest(first, data.get("role", ""))
        if data["partner_first_name"]:
            partner = Attendee(
                OTHER,
                first_name=data["partner_first_name"],
                last_name=data["partner_last_name"],
                email=data["partner_email"],
            )
            yield WaitlistRequest(partner, data.get("partner_role", ""))


class MoveEntryForm(forms.Form):
    position = forms.IntegerField(label=_("New position"), min_value=1, max_value=999)
    why = forms.CharField(label=_("Why"), max_length=300)


MOST_ROLES = 4


class ClassRolesForm(forms.Form):
    """Up to four roles with their spots, and the balance between them."""

    most_apart = forms.IntegerField(
        label=_("Largest difference between roles"), min_value=0, max_value=999, required=False,
        help_text=_("With 2, six leads and four follows can register, but no seventh lead. Leave empty for no limit."),
    )  # fmt: skip
    ratio = forms.DecimalField(
        label=_("Largest ratio between roles"), min_value=1, max_digits=3, decimal_places=1, required=False
    )
    active_from = forms.IntegerField(
        label=_("Applies from this many people"), min_value=0, max_value=999, required=False,
        help_text=_("Below this number anyone may register. Required for a ratio."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, MOST_ROLES + 1):
            name = forms.CharField(label=gettext("Role %(number)s") % {"number": number}, max_length=30, required=False)
            spots = gettext("Spots for role %(number)s") % {"number": number}
            most = forms.IntegerField(label=spots, min_value=1, max_value=999, required=False)
            self.fields |= {f"name_{number}": name, f"capacity_{number}": most}
        self.order_fields([*(name for name in self.fields if "_" in name and name[-1].isdigit()), "most_apart"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        names = [role.name.casefold() for role in self._roles(data)]
        if len(names) != len(set(names)) or EITHER in names:
            self.add_error(None, gettext("Each role needs a different name, and “either” is not allowed."))
        if len(names) == 1:
            self.add_error("name_2", gettext("Name a second role, or leave both empty."))
        if data.get("ratio") is not None and not data.get("active_from"):
            self.add_error("active_from", gettext("Please enter from how many people the ratio applies."))
        if len(names) < 2 and (data.get("ratio") is not None or data.get("most_apart") is not None):
            self.add_error(None, gettext("Please name the roles first."))
        return data

    @property
    def roles(self) -> list[RoleCapacity]:
        return self._roles(self.cleaned_data)

    @property
    def apart(self) -> BalanceLimits:
        data = self.cleaned_data
        return BalanceLimits(data["most_apart"], data["ratio"], data["active_from"] or 0)

    def _roles(self, data: dict[str, Any]) -> list[RoleCapacity]:
        rows = ((data.get(f"name_{each}"), data.get(f"capacity_{each}")) for each in range(1, MOST_ROLES + 1))
        return [RoleCapacity(name, capacity) for name, capacity in rows if name]

    @staticmethod
    def known(rules: CapacityRules) -> dict[str, Any]:
        initial: dict[str, Any] = {"most_apart": rules.most_apart, "ratio": rules.ratio}
        initial["active_from"] = rules.active_from or None
        for number, role in enumerate(rules.roles, start=1):
            initial |= {f"name_{number}": role.name, f"capacity_{number}": role.capacity}
        return initial

"""The forms of the admin about people and roles."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Permission
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _

from users.domain import roles
from users.forms.fields import AddressField, NameField
from users.models import Role, User


class AccountForm(forms.ModelForm):
    actor: ClassVar[User]

    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)
    email = AddressField(help_text=_("A change takes effect immediately. The owner of the old address gets an email."))
    roles = forms.ModelMultipleChoiceField(
        Role.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Roles"),
        help_text=_("Permissions of this person."),
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roles" in self.fields:
            choices = roles.roles_actor_may_give(self.actor)
            self.fields["roles"].queryset = choices  # type: ignore[attr-defined]
            self.initial["roles"] = list(choices.filter(user=self.instance))


class RecordForm(forms.ModelForm):
    """A student. The admin names the other fields."""

    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)


class NewAccountForm(forms.ModelForm):
    actor: ClassVar[User]

    first_name = NameField(label=_("First name"))
    last_name = NameField(label=_("Last name"), required=False)
    email = AddressField()
    attends = forms.BooleanField(
        required=False, initial=True, label=_("Attends classes"), help_text=_("Creates a student record.")
    )
    send_link = forms.BooleanField(
        required=False, initial=True, label=_("Send password link"), help_text=_("A link to choose a password.")
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]


class PermissionsByArea(ModelChoiceIterator):
    """Groups the permissions by the part of the site that they are about."""

    def __iter__(self) -> Iterator[Any]:
        for area, permissions in groupby(self.queryset, roles.permission_area):
            yield area, [self.choice(permission) for permission in permissions]


class PermissionField(forms.ModelMultipleChoiceField):
    iterator = PermissionsByArea

    def label_from_instance(self, permission: Permission) -> str:
        return roles.permission_text(permission)


class RoleForm(forms.ModelForm):
    actor: ClassVar[User]

    permissions = PermissionField(
        Permission.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Permissions"),
        help_text=_("To open the admin or the desk, also select “enter the office”."),
    )

    class Meta:
        model = Role
        fields = ["name", "permissions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "permissions" in self.fields:
            self.fields["permissions"].queryset = roles.permissions_actor_may_give(self.actor)  # type: ignore[attr-defined]


class AccountReasonForm(forms.Form):
    why = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Shown in the history of this person."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args: Any, asks_why: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_why:
            del self.fields["why"]

"""Forms that preview what saving would change and offer a solution for each problem. They write nothing themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.forms.models import construct_instance
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.domain.schedule.previews import Preview
from classwork.errors import ChangeRefused, FieldProblem
from common.formats import format_date

READ_FIRST = _("Nothing has been saved yet. Please check what would change, then save again.")


class AcceptProposalButton:
    """A button that fills suggested values into the form. Its name is `take` and its value is JSON."""

    def __init__(self, problem: FieldProblem) -> None:
        self.value = json.dumps(dict(problem.proposal), cls=DjangoJSONEncoder)
        values = ", ".join(map(field_value_text, problem.proposal.values()))
        self.label = gettext("Use %(values)s") % {"values": values}


def field_value_text(value: Any) -> str:
    if isinstance(value, list):
        return gettext(" and ").join(map(field_value_text, value))
    return format_date(value) if isinstance(value, date) else str(value)


def with_accepted_proposal(data: Mapping[str, Any], form: forms.BaseForm) -> Mapping[str, Any]:
    """Ignores names that are not fields of the form."""
    try:
        values = json.loads(data.get("take", ""))
    except ValueError:
        return data
    if not (isinstance(data, MultiValueDict) and isinstance(values, dict)):
        return data
    changed = data.copy()
    for name, value in values.items():
        if name in form.fields:
            changed[form.add_prefix(name)] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return changed


class PreviewedFormMixin(forms.BaseForm):
    """A mixin for forms with a `plan_changes()` method.

    The hidden value `seen` holds the fingerprints of the previews that were shown.
    """

    preview: Preview | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            self.data = with_accepted_proposal(self.data, self)

    def plan_changes(self) -> Preview:
        raise NotImplementedError

    @property
    def seen(self) -> str | None:
        """The fingerprint to check, or None if there was nothing to confirm."""
        return self.preview.fingerprint if self.preview and self.preview.needs_confirmation else None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        self.preview = self.plan_changes()
        self.add_problems(*self.preview.problems)
        if not self.preview.problems and self.seen and self.seen not in self.data.get("seen", "").split():
            self.add_error(None, forms.ValidationError(READ_FIRST, code="unread"))
        return cleaned

    def add_problems(self, *problems: FieldProblem) -> None:
        for problem in problems:
            field = self.fields.get(problem.field)
            if field is not None and problem.proposal:
                field.taking = AcceptProposalButton(problem)  # type: ignore[attr-defined]
            self.add_error(problem.field if field is not None else None, self.problem_text(problem))

    def problem_text(self, problem: FieldProblem) -> str:
        return problem.sentence

    def add_refusal(self, error: ChangeRefused) -> None:
        """The form was valid, but saving was refused, because someone else was faster."""
        self.add_problems(*error.problems)


class PreviewedModelForm(PreviewedFormMixin, forms.ModelForm):
    """The domain validates the whole row, so the form does not validate it again.

    `plan` is the function of the domain that previews a draft of the row.
    """

    plan: Callable[[Any, Any], Preview]

    def plan_changes(self) -> Preview:
        # Reads the row again, because the form has already written its values into the instance.
        model = type(self.instance)
        stored = model._default_manager.get(pk=self.instance.pk) if self.instance.pk else model()
        return type(self).plan(stored, self.draft())

    def draft(self) -> Any:
        return self.values()

    def _post_clean(self) -> None:
        self.instance: Model = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)

    def values(self) -> dict[str, Any]:
        fields = {field.name for field in self.instance._meta.concrete_fields if not field.primary_key}
        return {name: value for name, value in self.cleaned_data.items() if name in fields}

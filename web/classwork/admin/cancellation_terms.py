from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.domain.refunds.terms import terms_sentences
from billing.rules.terms import Terms
from classwork.domain.schedule import cancellation_terms
from classwork.models import CancellationTerms, CancellationTermsStep
from common.admin import column
from history.admin_base import RecordedModelAdmin


class TermsStepFormSet(BaseInlineFormSet):
    """Each step needs its own deadline. The rows are compared with each other, not with their stored values."""

    def get_unique_error_message(self, unique_check: Any) -> str:
        return gettext("Two steps have the same deadline. Please change one of them.")

    def save_existing_objects(self, commit: bool = True) -> Any:
        # Changed rows are deleted and created again, so that two steps can swap their deadlines.
        changed = [form.instance.pk for form in self.initial_forms if form.has_changed()]
        if commit:
            CancellationTermsStep.objects.filter(pk__in=changed).delete()
        return super().save_existing_objects(commit)


class TermsStepInline(admin.StackedInline):
    """The rows are stacked, so that each field keeps its label on a phone."""

    model = CancellationTermsStep
    formset = TermsStepFormSet
    extra = 1


@admin.register(CancellationTerms)
class CancellationTermsAdmin(RecordedModelAdmin):
    list_display = ["name", "is_default", "in_words", "classes"]
    inlines = [TermsStepInline]
    fields = ["name", "is_default", "in_words"]
    readonly_fields = ["in_words"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CancellationTerms]":
        return super().get_queryset(request).prefetch_related("steps").annotate(chosen=Count("class_offers"))

    classes = column(_("classes"), lambda obj: int(obj.chosen), ordering="chosen")

    @admin.display(description=_("shown to students"))
    def in_words(self, obj: CancellationTerms) -> str:
        if obj.pk is None:
            return gettext("Save the steps to see how students will read them.")
        return " ".join(map(str, terms_sentences(Terms(cancellation_terms.resolve_steps(obj.steps.all(), [])))))

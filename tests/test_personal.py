"""No model leads to a person unnoticed: each is told of in its app's personal.py, or excused there with a reason."""

from django.apps import apps
from django.db.models import EmailField, Model
from django.test import SimpleTestCase

from common import personal
from users.models import Student, User

PEOPLE = (User, Student)
PERSON_IDS = {"actor_id", "account_id", "person_id", "user_id", "student_id", "payer_id"}


def points_to(model: type[Model]) -> set[type[Model]]:
    """Many-to-many too, unless a model of its own stands between, which then leads there itself."""
    own = [field for field in model._meta.get_fields() if field.is_relation and field.concrete]
    direct = [field for field in own if not field.many_to_many or field.remote_field.through._meta.auto_created]
    return {field.related_model for field in direct if isinstance(field.related_model, type)}


def names_a_person(model: type[Model]) -> bool:
    """Holds an address, or the number of a person without being tied to the row."""
    return any(
        isinstance(field, EmailField) or (field.name in PERSON_IDS and not field.is_relation)
        for field in model._meta.get_fields()
        if field.concrete
    )


def leading_to_people() -> set[str]:
    """Models with a path of foreign keys to a person, however long, and those that name one."""
    models = [model for model in apps.get_models() if not model._meta.proxy]
    found = {model for model in models if model in PEOPLE or names_a_person(model)}
    while True:
        more = {model for model in models if points_to(model) & found} - found
        if not more:
            return {model._meta.label for model in found}
        found |= more


class PersonalTest(SimpleTestCase):
    def test_every_model_that_leads_to_a_person_is_told_of_or_excused(self) -> None:
        noticed = set(personal.personal_models()) | set(personal.exempt_models())
        self.assertEqual(sorted(leading_to_people() - noticed), [])

    def test_what_is_told_of_exists_and_is_not_excused_as_well(self) -> None:
        labels = {model._meta.label for model in apps.get_models()}
        self.assertEqual(set(personal.personal_models()) - labels, set())
        self.assertEqual(set(personal.personal_models()) & set(personal.exempt_models()), set())

    def test_an_app_speaks_of_its_own_models_or_of_those_of_libraries(self) -> None:
        ours = {label for label, _ in personal.personal_modules()}
        for label, module in personal.personal_modules():
            foreign = {name.split(".")[0] for name in module.MODELS} & ours - {label}
            self.assertEqual(foreign, set(), f"{label} speaks for {foreign}")

    def test_every_app_that_tells_can_export_erase_and_merge(self) -> None:
        for label, module in personal.personal_modules():
            for name in ("export", "erase", "merge"):
                self.assertTrue(callable(getattr(module, name, None)), f"{label} has no {name}")

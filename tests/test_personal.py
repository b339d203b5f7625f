"""Each model that leads to a person is declared in its app's personal.py, or exempted there with a reason."""

from django.apps import apps
from django.db.models import EmailField, Model
from django.test import SimpleTestCase

from common import personal
from users.models import Student, User

PEOPLE = (User, Student)
PERSON_IDS = {"actor_id", "account_id", "person_id", "user_id", "student_id", "payer_id"}


def points_to(model: type[Model]) -> set[type[Model]]:
    """Includes many-to-many relations, unless they have a through model, which then points to the target itself."""
    relations = [field for field in model._meta.get_fields() if field.is_relation and field.concrete]
    direct = [field for field in relations if not field.many_to_many or field.remote_field.through._meta.auto_created]
    return {field.related_model for field in direct if isinstance(field.related_model, type)}


def names_a_person(model: type[Model]) -> bool:
    """Whether the model stores an email address, or the id of a person without a foreign key."""
    return any(
        isinstance(field, EmailField) or (field.name in PERSON_IDS and not field.is_relation)
        for field in model._meta.get_fields()
        if field.concrete
    )


def models_leading_to_people() -> set[str]:
    """Models with a path of foreign keys to a person, however long, and those that name one."""
    models = [model for model in apps.get_models() if not model._meta.proxy]
    reached = {model for model in models if model in PEOPLE or names_a_person(model)}
    while True:
        newly_reached = {model for model in models if points_to(model) & reached} - reached
        if not newly_reached:
            return {model._meta.label for model in reached}
        reached |= newly_reached


class PersonalDataTest(SimpleTestCase):
    def test_every_model_that_leads_to_a_person_is_declared_or_exempt(self) -> None:
        declared = set(personal.personal_models()) | set(personal.exempt_models())
        self.assertEqual(sorted(models_leading_to_people() - declared), [])

    def test_declared_models_exist_and_are_not_exempt_as_well(self) -> None:
        labels = {model._meta.label for model in apps.get_models()}
        self.assertEqual(set(personal.personal_models()) - labels, set())
        self.assertEqual(set(personal.personal_models()) & set(personal.exempt_models()), set())

    def test_app_declares_only_its_own_models_or_those_of_libraries(self) -> None:
        own_apps = {label for label, _ in personal.personal_modules()}
        for label, module in personal.personal_modules():
            foreign_apps = {name.split(".")[0] for name in module.MODELS} & own_apps - {label}
            self.assertEqual(foreign_apps, set(), f"{label} speaks for {foreign_apps}")

    def test_every_app_with_personal_data_can_export_erase_and_merge_it(self) -> None:
        for label, module in personal.personal_modules():
            for name in ("export", "erase", "plan_merge"):
                self.assertTrue(callable(getattr(module, name, None)), f"{label} has no {name}")

"""The ladder a school starts with; an admin changes it as the school wants it."""

from decimal import Decimal

from django.db import migrations

# name, code, rank, a step of the ladder, completed by, started, done, done twice
LEVELS = [
    ("Beginning", "Beg", "1", True, "A|C, B|D", "1", "2", None),
    ("Level 2", "L2", "2", True, "A, B, C, D", None, "2.5", "3"),
    ("Workshop", "WS", "2.5", False, "", None, None, None),
    ("Level 3", "L3", "3", True, "A, B, C, D", None, "3.5", "4"),
    ("Special", "Spec", "3.5", False, "", None, None, None),
    ("Level 4", "L4", "4", True, "", None, None, None),
    ("Private lesson", "Priv", "0", False, "", None, None, None),
    ("Private lessons", "PrivSet", "0", False, "", None, None, None),
    ("Other", "Other", "0", False, "", None, None, None),
]


def number(text):
    return None if text is None else Decimal(text)


def add(apps, schema_editor):
    Level = apps.get_model("classwork", "Level")
    Level.objects.bulk_create(
        Level(
            name=name,
            code=code,
            rank=number(rank),
            is_step=is_step,
            rule=rule,
            started=number(started),
            done=number(done),
            done_twice=number(twice),
        )
        for name, code, rank, is_step, rule, started, done, twice in LEVELS
    )


class Migration(migrations.Migration):
    dependencies = [("classwork", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]

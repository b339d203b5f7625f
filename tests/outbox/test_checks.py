import ast
import json
from io import StringIO
from typing import Any

import yaml
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, modify_settings, override_settings

from outbox import checks
from outbox.testing import run_all
from tests.outbox.base import PATH, DoorTestCase, knock, mapped


def said(workflows: Any) -> str:
    with override_settings(WORKFLOWS=workflows):
        return "\n".join(f"{found.id} {found.msg} {found.hint or ''}" for found in checks.check_workflow_map(None))


def output(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class MapCheckTest(SimpleTestCase):
    def assertSays(self, workflows: Any, *texts: str) -> None:
        for text in texts:
            self.assertIn(text, said(workflows))

    def test_a_whole_map_is_passed_except_for_receivers_that_nobody_calls(self) -> None:
        found = said({"door.knocked": {"now": [f"{PATH}.write_down"], "later": [f"{PATH}.ring"]}})
        self.assertNotIn(".E0", found)
        self.assertIn(f"{PATH}.open_door is a receiver that no event reaches. Map an event to it", found)
        self.assertNotIn(f"{PATH}.ring is", found)

    def test_a_misspelt_event_is_named_with_what_it_may_mean(self) -> None:
        self.assertSays({"door.knoked": {}}, "which no app declares. Did you mean 'door.knocked'?")

    def test_a_misspelt_or_removed_receiver_is_named_with_what_it_may_mean(self) -> None:
        self.assertSays(
            {"door.knocked": {"later": [f"{PATH}.rinng"]}}, f"Did you mean '{PATH}.ring'?", "Correct the name"
        )
        self.assertSays({"door.knocked": {"later": [f"{PATH}s.ring"]}}, f"Did you mean '{PATH}.ring'?")

    def test_a_receiver_named_twice_is_found(self) -> None:
        twice = {"door.knocked": {"now": [f"{PATH}.ring_and_emit"], "later": [f"{PATH}.ring", f"{PATH}.ring"]}}
        self.assertSays(twice, "ring receives 'door.knocked' 2 times. Keep one of the entries.")

    def test_what_talks_to_the_outside_may_not_be_heard_inside_a_transaction(self) -> None:
        self.assertSays({"door.knocked": {"now": [f"{PATH}.ring"]}}, "must not run 'now'", "Move it to 'later'.")

    def test_another_shape_of_map_is_explained(self) -> None:
        for wrong in ({"door.knocked": [PATH]}, {"door.knocked": {"soon": []}}, {"door.knocked": {"now": "a.b"}}):
            with self.subTest(wrong):
                self.assertSays(wrong, "must be a dict with lists of dotted names under 'now' and 'later'")
        self.assertSays("nowhere.MAP", "The workflow map cannot be read", "hepcat.workflows.WORKFLOWS")

    def test_something_else_than_a_function_of_one_event_is_refused(self) -> None:
        self.assertSays({"door.knocked": {"later": [f"{PATH}.calls"]}}, "must be a function that takes one event")


class MapCommandTest(DoorTestCase):
    def test_the_map_says_who_hears_what_who_is_unheard_and_what_is_unreached(self) -> None:
        with mapped("ring", now=("write_down",)):
            text, found = output("workflows"), json.loads(output("workflows", "--json"))
        self.assertIn("door.knocked (about: door)  Somebody knocked at the door.", text)
        self.assertEqual(found["events"]["door.knocked"]["later"], [f"{PATH}.ring"])
        self.assertEqual(
            found["events"]["door.knocked"]["payload"], {"door_id": "int", "times": "int", "note": "str | None"}
        )
        self.assertIn("door.ignored", found["unheard"])
        self.assertIn(f"{PATH}.open_door", found["unreached"])

    def test_yaml_and_json_say_the_same(self) -> None:
        with mapped("ring"):
            self.assertEqual(yaml.safe_load(output("workflows", "--yaml")), json.loads(output("workflows", "--json")))

    def test_mermaid_draws_each_arrow(self) -> None:
        with mapped("ring", now=("write_down",)):
            drawn = output("workflows", "--mermaid")
        self.assertTrue(drawn.startswith("flowchart LR\n"))
        self.assertEqual((drawn.count("==>|now|"), drawn.count(f'["{PATH}.ring"]')), (1, 1))

    def test_trace_tells_a_story_in_the_order_of_cause_and_effect(self) -> None:
        with mapped("ring", "never", now=("open_door",)):
            knock()
            run_all()
        told = output("trace", "door", "7")
        for text in (
            "door.knocked 1",
            f"immediately: {PATH}.open_door",
            "    door.opened opened:1",
            "There is no door.",
        ):
            self.assertIn(text, told)

    def test_trace_of_something_unknown_says_so(self) -> None:
        with self.assertRaisesMessage(CommandError, "No event is about door 8."):
            output("trace", "door", "8")


class ImportTest(SimpleTestCase):
    def test_only_the_celery_engine_imports_celery(self) -> None:
        from django.conf import settings

        for path in settings.WEB.rglob("*.py"):
            if path.name == "tasks.py" or path.parts[-2:] == ("hepcat", "celery.py"):
                continue
            modules = {
                alias.name if isinstance(node, ast.Import) else node.module
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            self.assertFalse({name for name in modules if (name or "").split(".")[0] == "celery"}, path)

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


def check_messages(workflows: Any) -> str:
    with override_settings(WORKFLOWS=workflows):
        return "\n".join(
            f"{problem.id} {problem.msg} {problem.hint or ''}" for problem in checks.check_workflow_map(None)
        )


def output(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@modify_settings(INSTALLED_APPS={"append": "tests.outbox.plugin"})
class WorkflowMapCheckTest(SimpleTestCase):
    def assertSays(self, workflows: Any, *texts: str) -> None:
        for text in texts:
            self.assertIn(text, check_messages(workflows))

    def test_valid_map_has_no_errors_and_unreached_receivers_are_mentioned(self) -> None:
        messages = check_messages({"door.knocked": {"now": [f"{PATH}.write_down"], "later": [f"{PATH}.ring"]}})
        self.assertNotIn(".E0", messages)
        self.assertIn(f"{PATH}.open_door is a receiver that no event reaches. Map an event to it", messages)
        self.assertNotIn(f"{PATH}.ring is", messages)

    def test_misspelled_event_is_reported_with_a_suggestion(self) -> None:
        self.assertSays({"door.knoked": {}}, "which no app declares. Did you mean 'door.knocked'?")

    def test_misspelled_or_removed_receiver_is_reported_with_a_suggestion(self) -> None:
        self.assertSays(
            {"door.knocked": {"later": [f"{PATH}.rinng"]}}, f"Did you mean '{PATH}.ring'?", "Correct the name"
        )
        self.assertSays({"door.knocked": {"later": [f"{PATH}s.ring"]}}, f"Did you mean '{PATH}.ring'?")

    def test_receiver_listed_twice_for_one_event_is_reported(self) -> None:
        workflows_with_duplicate = {
            "door.knocked": {"now": [f"{PATH}.ring_and_emit"], "later": [f"{PATH}.ring", f"{PATH}.ring"]}
        }
        self.assertSays(workflows_with_duplicate, "ring receives 'door.knocked' 2 times. Keep one of the entries.")

    def test_receiver_that_runs_outside_transactions_must_not_be_a_now_receiver(self) -> None:
        self.assertSays({"door.knocked": {"now": [f"{PATH}.ring"]}}, "must not run 'now'", "Move it to 'later'.")

    def test_malformed_map_is_reported_with_the_expected_structure(self) -> None:
        for invalid_map in ({"door.knocked": [PATH]}, {"door.knocked": {"soon": []}}, {"door.knocked": {"now": "a.b"}}):
            with self.subTest(invalid_map):
                self.assertSays(invalid_map, "must be a dict with lists of dotted names under 'now' and 'later'")
        self.assertSays("nowhere.MAP", "The workflow map cannot be read", "hepcat.workflows.WORKFLOWS")

    def test_receiver_that_is_not_a_function_of_one_event_is_reported(self) -> None:
        self.assertSays({"door.knocked": {"later": [f"{PATH}.calls"]}}, "must be a function that takes one event")


class WorkflowCommandTest(DoorTestCase):
    def test_workflow_report_lists_receivers_unheard_events_and_unreached_receivers(self) -> None:
        with mapped("ring", now=("write_down",)):
            text, report = output("workflows"), json.loads(output("workflows", "--json"))
        self.assertIn("door.knocked (about: door)  Somebody knocked at the door.", text)
        self.assertEqual(report["events"]["door.knocked"]["later"], [f"{PATH}.ring"])
        self.assertEqual(
            report["events"]["door.knocked"]["payload"], {"door_id": "int", "times": "int", "note": "str | None"}
        )
        self.assertIn("door.ignored", report["unheard"])
        self.assertIn(f"{PATH}.open_door", report["unreached"])

    def test_yaml_and_json_reports_have_the_same_content(self) -> None:
        with mapped("ring"):
            self.assertEqual(yaml.safe_load(output("workflows", "--yaml")), json.loads(output("workflows", "--json")))

    def test_mermaid_report_draws_an_arrow_for_each_receiver(self) -> None:
        with mapped("ring", now=("write_down",)):
            diagram = output("workflows", "--mermaid")
        self.assertTrue(diagram.startswith("flowchart LR\n"))
        self.assertEqual((diagram.count("==>|now|"), diagram.count(f'["{PATH}.ring"]')), (1, 1))

    def test_trace_lists_events_in_the_order_of_cause_and_effect(self) -> None:
        with mapped("ring", "never", now=("open_door",)):
            knock()
            run_all()
        trace = output("trace", "door", "7")
        for text in (
            "door.knocked 1",
            f"immediately: {PATH}.open_door",
            "    door.opened opened:1",
            "There is no door.",
        ):
            self.assertIn(text, trace)

    def test_trace_of_an_unknown_subject_is_an_error(self) -> None:
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

import pickle
import unittest

from django.test import SimpleTestCase

from tests.runner_results import TextResult


class TextResultTest(SimpleTestCase):
    def test_failures_keep_their_traceback_when_pickled_for_another_process(self) -> None:
        class FailingTest(unittest.TestCase):
            """A test with an attribute that cannot be pickled, as browser tests have."""

            def runTest(self) -> None:
                self.window = lambda: None
                with self.subTest("the small one"):
                    self.assertEqual(1, 2)
                raise OSError("the door is locked")

        result = TextResult()
        FailingTest().run(result)
        events = pickle.loads(pickle.dumps(result.events))
        messages = {event[0]: str(event[-1][1]) for event in events if event[0] in ("addSubTest", "addError")}
        self.assertIn("1 != 2", messages["addSubTest"])
        self.assertIn("the door is locked", messages["addError"])
        self.assertIn("in runTest", messages["addError"])
        self.assertFalse(result.wasSuccessful())

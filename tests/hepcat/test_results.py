import pickle
import unittest

from django.test import SimpleTestCase

from hepcat.test_results import TextResult


class TextResultTest(SimpleTestCase):
    def test_what_went_wrong_travels_between_processes_with_its_traceback(self) -> None:
        class Troubled(unittest.TestCase):
            """Holds what cannot be pickled, as a browser test does."""

            def runTest(self) -> None:
                self.window = lambda: None
                with self.subTest("the small one"):
                    self.assertEqual(1, 2)
                raise OSError("the door is locked")

        result = TextResult()
        Troubled().run(result)
        events = pickle.loads(pickle.dumps(result.events))
        told = {event[0]: str(event[-1][1]) for event in events if event[0] in ("addSubTest", "addError")}
        self.assertIn("1 != 2", told["addSubTest"])
        self.assertIn("the door is locked", told["addError"])
        self.assertIn("in runTest", told["addError"])
        self.assertFalse(result.wasSuccessful())

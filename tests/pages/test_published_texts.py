from django.test import TestCase

from pages.domain import texts
from tests import factories


class TextsInForceTest(TestCase):
    def test_latest_edition_of_each_published_text_is_in_force(self) -> None:
        content = factories.create_text("terms", draft="Be kind.")
        content.draft = "Be kind, and on time."
        texts.publish_text(texts.save_draft(content, None), texts.draft_digest(content), None)
        factories.create_text("privacy", publish=False)
        factories.create_text("home")
        self.assertEqual(texts.in_force(["terms", "privacy"]), {"terms": 2})

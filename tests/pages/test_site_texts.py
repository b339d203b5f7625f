from history.models import Entry
from pages.domain import texts
from pages.errors import TextChanged
from tests import factories
from tests.base import SchoolTestCase

TEXT = "We dance."


class SiteTextTest(SchoolTestCase):
    def test_visitors_see_the_published_text_and_not_the_draft(self) -> None:
        content = factories.create_text("business_about", "About us", TEXT)
        content.draft = "Secret plans"
        texts.save_draft(content, self.ada)
        response = self.client.get("/aboutus/")
        self.assertContains(response, TEXT)
        self.assertNotContains(response, "Secret plans")

    def test_unpublished_text_is_not_shown(self) -> None:
        factories.create_text("terms", "Terms", TEXT, publish=False)
        response = self.client.get("/terms/")
        self.assertNotContains(response, TEXT)
        self.assertContains(response, "still writing")

    def test_every_edition_of_the_terms_stays_readable(self) -> None:
        content = factories.create_text("terms", "Terms", "Pay first.")
        content.draft = "Pay later."
        texts.save_draft(content, self.ada)
        self.assertEqual(texts.publish_text(content, texts.draft_digest(content), self.ada).number, 2)
        self.assertContains(self.client.get("/terms/"), "Pay later.")
        self.assertContains(self.client.get("/terms/1/"), "Pay first.")
        self.assertEqual(self.client.get("/terms/3/").status_code, 404)

    def test_publishing_an_unchanged_text_creates_no_new_edition(self) -> None:
        content = factories.create_text("terms")
        self.assertEqual(texts.publish_text(content, texts.draft_digest(content), self.ada).number, 1)
        self.assertEqual(content.editions.count(), 1)

    def test_draft_changed_after_the_preview_is_not_published(self) -> None:
        content = factories.create_text("terms")
        previewed_digest = texts.draft_digest(content)
        content.draft = "Something else"
        texts.save_draft(content, self.tess)
        with self.assertRaises(TextChanged):
            texts.publish_text(content, previewed_digest, self.ada)
        self.assertEqual(content.editions.count(), 1)

    def test_saving_and_publishing_are_recorded_in_history(self) -> None:
        content = factories.create_text("terms")
        content.draft = "Anew"
        texts.save_draft(content, self.ada)
        texts.publish_text(content, texts.draft_digest(content), self.ada)
        actions = Entry.objects.filter(actor_id=self.ada.pk).values_list("action", flat=True)
        self.assertEqual(sorted(actions), ["pages.text_drafted", "pages.text_published"])

    def test_overview_shows_the_state_of_each_text(self) -> None:
        factories.create_text("home")
        factories.create_text("terms", publish=False)
        changed = factories.create_text("privacy")
        changed.draft = "Anew"
        texts.save_draft(changed, None)
        rows = texts.text_overviews(["home", "terms", "privacy", "contact"])
        states = texts.TextState.PUBLISHED, texts.TextState.DRAFT, texts.TextState.CHANGED, texts.TextState.MISSING
        self.assertEqual(tuple(row.state for row in rows), states)


class SiteTextDeskTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def save_draft(self, key: str, title: str, draft: str) -> str:
        """Save a draft and return the preview page."""
        response = self.client.post(f"/desk/texts/{key}/", {"title": title, "draft": draft}, follow=True)
        self.assertEqual(response.redirect_chain, [(f"/desk/texts/{key}/preview/", 302)])
        return response.content.decode()

    def test_preview_matches_the_published_page(self) -> None:
        preview = self.save_draft("business_about", "Über uns", "We **dance** <script>x</script>")
        content = texts.SiteContent.objects.get(key="business_about")
        self.client.post("/desk/texts/business_about/publish/", {"seen": texts.draft_digest(content)})
        self.client.get("/")  # Shows the success message, so that it is not on the next page.
        public = self.client.get("/aboutus/").content.decode()
        self.assertEqual(main_content(preview), main_content(public))
        self.assertIn("<strong>dance</strong>", public)

    def test_outdated_preview_cannot_be_published(self) -> None:
        self.save_draft("terms", "Terms", "One")
        response = self.client.post("/desk/texts/terms/publish/", {"seen": "stale"}, follow=True)
        self.assertContains(response, "Please check it again")
        self.assertIsNone(texts.published_edition("terms"))

    def test_text_without_a_title_is_refused(self) -> None:
        response = self.client.post("/desk/texts/terms/", {"title": "", "draft": "One"})
        self.assertContains(response, "error-summary")
        self.assertFalse(texts.SiteContent.objects.exists())


def main_content(page: str) -> str:
    return page.partition('<div class="opening">')[2].partition("</main>")[0]

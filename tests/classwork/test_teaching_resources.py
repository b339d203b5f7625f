"""Teachers add resources to their classes: permissions, forms and attachments."""

from datetime import time
from typing import Any

from django.test import override_settings, tag
from django.urls import reverse

from classwork.domain import proposals
from classwork.domain.resources import attachments, content
from classwork.domain.resources.content import Thing
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import Attachment, Resource
from history.models import Entry
from tests import factories, samples
from tests.base import SchoolTestCase
from tests.private_files import InFolder, stored


def resource_values(title: str = "Rock step", **changed: Any) -> dict[str, Any]:
    usual = {"kind": "text", "title": title, "text": "Left, *right*.", "audience": "student", "when": "sign_up"}
    return usual | changed


class GivingTestCase(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.tess)

    def give(self, title: str = "Rock step", to: Thing | None = None, **changed: Any) -> Resource:
        return content.add_resource(self.tess.staff, to or self.class_offer, resource_values(title, **changed), {})

    def titles(self, to: Thing | None = None) -> list[str]:
        return [str(each.resource) for each in attachments.attached_to(to or self.class_offer)]

    def index(self, **data: str) -> Any:
        return self.client.get(reverse("class_resources", args=["class", self.class_offer.pk]))

    def post(self, resource: Resource, **data: str) -> Any:
        return self.client.post(reverse("change_attachment", args=["class", self.class_offer.pk, resource.pk]), data)


@tag("once")
class AttachmentTest(GivingTestCase):
    def test_class_lists_its_own_and_its_subjects_resources_once_each(self) -> None:
        everywhere = self.give("For all", self.class_offer.subject)
        self.give("For these")
        Attachment.objects.create(resource=everywhere, class_offer=self.class_offer, when="class", class_number=2)
        attached = attachments.attached_to(self.class_offer)
        self.assertEqual([str(each.resource) for each in attached], ["For these", "For all"])
        self.assertEqual([each.opens for each in attached], ["at sign-up", "after class 2"])
        self.assertEqual([each.opens for each in attachments.attached_to(self.class_offer.subject)], ["at sign-up"])

    def test_resources_are_listed_in_the_order_in_which_they_open(self) -> None:
        self.give("Last", when="completion")
        self.give("Second", when="class", class_number=2)
        self.give("First", when="class", class_number=1)
        self.give("At once")
        self.assertEqual(self.titles(), ["At once", "First", "Second", "Last"])

    def test_teacher_reorders_the_resources_of_one_class_only(self) -> None:
        one, _two, three = (self.give(name, self.class_offer.subject) for name in ("One", "Two", "Three"))
        url = reverse("arrange_resources", args=["class", self.class_offer.pk])
        self.client.post(url, {"move": f"up-{three.pk}"})
        self.assertEqual(self.titles(), ["One", "Three", "Two"])
        self.client.post(url, {"move": f"down-{one.pk}"})
        self.assertEqual(self.titles(), ["Three", "One", "Two"])
        self.client.post(url, {"move": f"up-{three.pk}"})
        self.assertEqual(self.titles(), ["Three", "One", "Two"])
        self.assertEqual(self.titles(self.class_offer.subject), ["One", "Two", "Three"])
        self.assertEqual(self.client.post(url, {"move": "up-x"}).status_code, 404)
        elsewhere = self.give("Elsewhere", factories.create_subject("L2", "A"))
        self.assertContains(
            self.client.post(url, {"move": f"up-{elsewhere.pk}"}, follow=True), "no longer attached here"
        )

    def test_subject_resource_is_hidden_from_one_class_only(self) -> None:
        resource = self.give("For all", self.class_offer.subject)
        other = factories.create_class_offer(self.session, self.class_offer.subject)
        self.post(resource, hide="")
        self.assertEqual([each.hidden for each in attachments.attached_to(self.class_offer)], [True])
        self.assertEqual([each.hidden for each in attachments.attached_to(other)], [False])
        self.assertContains(self.index(), "Hidden")
        self.post(resource, show="")
        self.assertEqual([each.hidden for each in attachments.attached_to(self.class_offer)], [False])
        actions = Entry.objects.filter(subject_type="resource").values_list("action", flat=True)
        self.assertIn("classwork.resource_hidden", actions)

    def test_resource_is_deleted_with_its_last_attachment(self) -> None:
        resource = self.give()
        content.set_resource_hidden(self.tess.staff, self.class_offer, resource, True)
        Attachment.objects.create(resource=resource, subject=factories.create_subject("L2", "A"))
        self.post(resource, remove="")
        self.assertEqual((self.titles(), Resource.objects.count()), ([], 1))
        content.detach_resource(self.tess.staff, factories.create_subject("L2", "B"), resource)
        self.assertEqual(Resource.objects.count(), 1)
        content.detach_resource(self.tess.staff, resource.attachments.get().subject, resource)
        self.assertEqual(Resource.objects.count(), 0)

    def test_resource_list_runs_the_same_queries_with_many_resources(self) -> None:
        url = reverse("class_resources", args=["class", self.class_offer.pk])
        self.assertSameQueries(url, lambda count: [self.give(f"Number {n}") for n in range(count)])


@tag("once")
class ResourcePermissionTest(GivingTestCase):
    def test_teachers_and_substitutes_manage_resources_of_their_classes_and_subjects(self) -> None:
        ash, ada = self.ash.staff, self.ada.staff
        for staff, thing, may in (
            (self.tess.staff, self.class_offer, True),
            (self.tess.staff, self.class_offer.subject, True),
            (self.tess.staff, factories.create_subject("L3", "A"), False),
            (ash, self.class_offer, False),
            (ash, self.class_offer.subject, False),
            (ada, self.class_offer, True),
        ):
            with self.subTest(f"{staff} {thing}"):
                self.assertEqual(content.may_manage_resources_of(staff, thing), may)
        self.class_offer.meetings.first().substitutes.add(ash)
        self.assertTrue(content.may_manage_resources_of(ash, self.class_offer))

    def test_proposed_class_can_have_resources(self) -> None:
        draft = ClassDraft(
            {"session": self.session, "subject": self.class_offer.subject, "start_time": time(18), "class_day": 3}
        )
        proposal = proposals.propose_class(self.ash.staff, draft)
        self.log_in(self.ash)
        page = self.client.get(reverse("proposal", args=[proposal.pk]))
        url = reverse("class_resources", args=["class", proposal.class_offer_id])
        self.assertContains(page, url)
        self.assertContains(self.client.get(url), "No resources yet")
        content.add_resource(self.ash.staff, proposal.class_offer, resource_values("Warm-up"), {})
        proposals.submit_proposal(self.ash.staff, proposal)
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("desk_proposal", args=[proposal.pk])), "Warm-up")

    def test_only_author_office_and_teachers_of_the_class_can_edit_a_resource(self) -> None:
        resource = self.give()
        url = reverse("edit_resource", args=[resource.pk])
        for person, status in ((self.tess, 200), (self.ada, 200), (self.ash, 404)):
            self.log_in(person)
            self.assertEqual(self.client.get(url).status_code, status)

    def test_public_resource_waits_for_approval(self) -> None:
        self.assertTrue(self.give().manager_approved)
        resource = self.give(audience="public")
        self.assertFalse(resource.manager_approved)
        self.assertContains(self.index(), "Waiting for approval")
        shown = content.change_resource(self.tess.staff, self.give("Another"), resource_values(audience="public"), {})
        self.assertFalse(shown.manager_approved)


@tag("once")
class ResourceFormTest(InFolder, GivingTestCase):
    def url(self, kind: str, what: str = "class") -> str:
        pk = self.class_offer.pk if what == "class" else self.class_offer.subject_id
        return reverse("add_resource", args=[what, pk, kind])

    def add(self, kind: str, what: str = "class", **data: Any) -> Any:
        usual = {"opens": "class-1", "to": "here", "audience": "student"}
        return self.client.post(self.url(kind, what), usual | data)

    def refused(self, words: str, kind: str, **data: Any) -> None:
        answer = self.add(kind, **data)
        self.assertContains(answer, words)
        self.assertEqual((Resource.objects.count(), stored()), (0, []))

    def test_video_is_added_with_one_form(self) -> None:
        self.assertRedirects(
            self.add("video", file=samples.upload("Sugar_push.mp4", samples.mp4(90), "video/mp4")),
            reverse("class_resources", args=["class", self.class_offer.pk]),
        )
        found = Resource.objects.get()
        self.assertEqual((found.title, found.file_title, found.seconds), ("Sugar push", "Sugar_push.mp4", 90))
        self.assertEqual((found.when, found.class_number, found.author), ("class", 1, self.tess.staff))
        self.assertEqual(stored(), [found.file.name])

    def test_video_uploaded_before_the_form_is_added_by_its_ticket(self) -> None:
        data = samples.mp4()
        announced = {"title": "Turn.mp4", "size": len(data), "declared": "video/mp4", "kind": "video"}
        invitation = self.client.post(reverse("invite_upload"), announced).json()
        self.client.post(invitation["url"], {"file": samples.upload("blob", data)})
        ticket = {"file-ticket": invitation["ticket"]}
        again = self.add("video", opens="never", **ticket)
        self.assertContains(again, "Turn.mp4 is uploaded.")
        self.assertContains(again, invitation["ticket"].partition(":")[0])
        self.assertEqual(self.add("video", **ticket).status_code, 302)
        self.assertEqual(stored(), [Resource.objects.get().file.name])
        self.assertContains(self.add("video", **ticket), "This upload has expired. Please choose the file again.")

    def test_each_resource_kind_stores_its_own_content(self) -> None:
        for kind, data, field, expected in (
            ("link", {"link": "example.org/steps"}, "link", "https://example.org/steps"),
            ("page", {"link": "/classes/levels/?x#y"}, "link", "/classes/levels/?x#y"),
            ("text", {"text": "Left"}, "text", "Left"),
            ("audio", {"file": samples.upload("a.mp3", samples.MP3)}, "file_title", "a.mp3"),
            ("image", {"file": samples.upload("a.png", samples.picture("PNG"))}, "file_title", "a.jpg"),
            ("file", {"file": samples.upload("a.pdf", samples.pdf())}, "file_title", "a.pdf"),
        ):
            with self.subTest(kind):
                self.assertEqual(self.add(kind, title=f"A {kind}", **data).status_code, 302)
                self.assertEqual(getattr(Resource.objects.get(title=f"A {kind}"), field), expected)
        self.assertEqual(self.client.get(self.url("email")).status_code, 404)
        self.assertEqual(self.client.get(self.url("nothing")).status_code, 404)

    def test_resource_is_added_to_one_class_or_to_every_class_of_the_subject(self) -> None:
        self.add("text", title="Here", text="x")
        self.add("text", title="Everywhere", text="x", to="everywhere")
        self.add("text", "subject", title="From the subject", text="x")
        self.assertEqual(self.titles(self.class_offer.subject), ["Everywhere", "From the subject"])
        self.assertCountEqual(self.titles(), ["Here", "Everywhere", "From the subject"])

    def test_unsafe_and_unknown_links_are_refused_at_the_field(self) -> None:
        for link in (
            "javascript:alert(1)",
            "JavaScript://x%0aalert(1)",
            "data:text/html,x",
            "ftp://example.org",
            "x y",
        ):
            with self.subTest(link):
                self.refused("Links begin with http:// or https://", "link", title="A", link=link)
        for link in ("//example.org/", "/nowhere-at-all/", "https://example.org/", "/\\example.org"):
            with self.subTest(link):
                self.refused("This site has no such page", "page", title="A", link=link)

    @override_settings(FILE_MEGABYTES={"video": 1, "image": 15, "file": 1, "audio": 1})
    def test_invalid_files_are_refused_at_the_field_and_not_stored(self) -> None:
        for message, name, data in (
            ("You can’t upload programs or scripts.", "turn.mp4", samples.EXE),
            ("The file name says MP4, but it isn’t.", "turn.mp4", samples.pdf()),
            ("larger than 1 MB", "turn.mp4", samples.mp4(size=2**20 + 1)),
            ("Please choose a video", "turn.pdf", samples.pdf()),
            ("This file is empty", "turn.mp4", b""),
        ):
            with self.subTest(message):
                self.refused(message, "video", file=samples.upload(name, data))
        self.refused("Please choose a video", "video")
        self.refused(
            "WebVTT", "video", file=samples.upload("a.mp4", samples.mp4()), subtitles=samples.upload("a.srt", b"1")
        )

    def test_missing_fields_are_reported(self) -> None:
        self.refused("This field is required", "text", text="Left")
        self.refused("This field is required", "link", title="A")

    def test_edited_resource_keeps_its_file_unless_a_new_one_is_uploaded(self) -> None:
        self.add("video", file=samples.upload("turn.mp4", samples.mp4(), "video/mp4"))
        found = Resource.objects.get()
        url = reverse("edit_resource", args=[found.pk])
        values = {"title": "The turn", "opens": "completion", "audience": "teacher", "expires_after": "2"}
        self.assertEqual(self.client.post(url, values).status_code, 302)
        changed = Resource.objects.get()
        self.assertEqual((changed.title, changed.file.name, changed.when), ("The turn", found.file.name, "completion"))
        subtitles = samples.upload("turn.vtt", samples.VTT, "text/vtt")
        self.client.post(url, values | {"file": samples.upload("b.mp4", samples.mp4(5)), "subtitles": subtitles})
        changed.refresh_from_db()
        self.assertEqual((changed.file_title, changed.seconds), ("b.mp4", 5))
        self.assertTrue(changed.subtitles)
        self.assertContains(self.client.get(url), "The turn")

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import TestCase, override_settings

from classwork.models import ClassOffer, Level, Meeting, Session, SkippedDate, Subject
from classwork.rules import levels

DAY = date(2026, 1, 8)


def session(name: str = "Jan_2026", **fields: object) -> Session:
    return Session.objects.create(
        **{"name": name, "key_day_date": DAY, "publish_date": DAY, "expire_date": DAY} | fields  # type: ignore[arg-type]
    )


def subject(**fields: object) -> Subject:
    return Subject.objects.create(level=Level.objects.get(code="Beg"), version="A", **fields)  # type: ignore[misc]


class FirstLevelsTest(TestCase):
    def test_new_school_starts_with_the_default_levels(self):
        rules = {level.code: level.as_rule() for level in Level.objects.all()}
        self.assertEqual(levels.format_rule(rules["Beg"].rule), "A|C, B|D")
        self.assertEqual((rules["L2"].done, rules["L2"].done_twice), (Decimal("2.5"), Decimal(3)))
        self.assertEqual(Level.objects.get(code="WS").rank, Decimal("2.5"))

    def test_invalid_rule_is_refused(self):
        level = Level(name="Level 9", code="L9", rule="A,,B")
        with self.assertRaisesMessage(ValidationError, "Goal 2 has no version"):
            level.full_clean()


class ConstraintTest(TestCase):
    def assert_refused(self, make, *args, **fields):
        with self.assertRaises(IntegrityError), transaction.atomic():
            make(*args, **fields)

    def test_database_enforces_the_rules_of_a_session(self):
        session()
        self.assert_refused(session, "jan_2026")
        for number, fields in enumerate(
            [
                {"publish_date": DAY + timedelta(1)},
                {"num_weeks": 0},
                {"max_day_shift": 7},
                {"flip_last_day": True, "skip_weeks": 0},
            ]
        ):
            self.assert_refused(session, f"other_{number}", **fields)

    def test_session_name_must_be_valid_in_an_address(self):
        for name in ("all", "Jan,2026", "Jan/2026", " Jan"):
            with self.subTest(name), self.assertRaises(ValidationError):
                Session(name=name, key_day_date=DAY, publish_date=DAY, expire_date=DAY).full_clean()
        Session(name="Jan_2026", key_day_date=DAY, publish_date=DAY, expire_date=DAY).full_clean()

    def test_database_enforces_the_rules_of_a_subject(self):
        subject(code="B-1")
        subject(code="")
        subject(code="")
        self.assert_refused(subject, code="b-1")
        self.assert_refused(subject, num_weeks=0)
        self.assert_refused(subject, num_minutes=1441)
        self.assert_refused(subject, full_price=Decimal(5), pre_pay_discount=Decimal(6))

    @override_settings(CURRENCY="JPY")
    def test_price_must_be_payable_in_the_currency_of_the_school(self):
        with self.assertRaisesMessage(ValidationError, "Amounts in JPY have no decimals."):
            Subject(level=Level.objects.get(code="L2"), full_price=Decimal("70.5")).full_clean()

    def test_class_cannot_meet_twice_at_one_time_unless_one_meeting_is_canceled(self):
        class_offer = ClassOffer.objects.create(session=session(), subject=subject(), start_time=time(19))
        start = datetime(2026, 1, 8, 19, tzinfo=UTC)
        hour = timedelta(hours=1)
        Meeting.objects.create(
            class_offer=class_offer, number=1, starts_at=start, ends_at=start + hour, canceled_at=start
        )
        Meeting.objects.create(class_offer=class_offer, starts_at=start, ends_at=start + hour)
        self.assert_refused(Meeting.objects.create, class_offer=class_offer, starts_at=start, ends_at=start + 2 * hour)
        self.assert_refused(
            Meeting.objects.create, class_offer=class_offer, number=1, starts_at=start + hour, ends_at=start + 2 * hour
        )
        self.assert_refused(
            Meeting.objects.create, class_offer=class_offer, starts_at=start + hour, ends_at=start + hour
        )
        SkippedDate.objects.create(class_offer=class_offer, day=DAY)
        self.assert_refused(SkippedDate.objects.create, class_offer=class_offer, day=DAY)


class DerivedValuesTest(TestCase):
    def test_subject_is_named_by_level_and_version_or_by_its_own_name(self):
        workshop = Subject(level=Level.objects.get(code="WS"), version="n", name="Charleston")
        self.assertEqual((str(workshop), workshop.title), ("WS: Charleston", "Charleston"))
        beginners = Subject(level=Level.objects.get(code="Beg"), version="a")
        self.assertEqual((str(beginners), beginners.title), ("BegA", "Beginning A"))

    def test_price_of_a_class_overrides_the_price_of_its_subject(self):
        class_offer = ClassOffer(
            subject=Subject(
                full_price=Decimal(70),
                pre_pay_discount=Decimal(5),
                multiple_purchase_discount=Decimal(10),
                qualifies_as_multi_class_discount=False,
            )
        )
        self.assertEqual((class_offer.full_price, class_offer.advance_price, class_offer.multi_discount), (70, 65, 0))
        class_offer.price = Decimal(3)
        self.assertEqual((class_offer.full_price, class_offer.advance_price), (3, 0))

    def test_level_number_of_a_subject_can_be_overridden_but_not_by_zero(self):
        level = Level.objects.get(code="L2")
        self.assertEqual(Subject(level=level).level_number, Decimal(2))
        self.assertEqual(Subject(level=level, level_num=Decimal(0)).level_number, Decimal(2))
        self.assertEqual(Subject(level=level, level_num=Decimal("2.4")).level_number, Decimal("2.4"))

from django.apps import AppConfig
from django.db.models.signals import post_migrate

MODELS = (
    "level",
    "subject",
    "location",
    "session",
    "classoffer",
    "meeting",
    "proposal",
    "registration",
    "resource",
    "attachment",
    "release",
    "ticket",
    "waitingentry",
    "cancellationterms",
    "cancellationstep",
    "calloff",
)


class ClassworkConfig(AppConfig):
    name = "classwork"
    verbose_name = "Classes"
    SITE_LINKS = [("Classes", "classoffer_list"), ("Places", "location_list"), ("Library", "library")]
    ACCOUNT_LINKS = [("My classes", "my_classes"), ("Teaching", "teaching", "classwork.add_proposal")]
    DESK_LINKS = [
        ("Sessions", "desk_sessions", "classwork.view_session", "Plan the next session from the last.", "Classes"),
        (
            "Waiting lists",
            "desk_waiting_lists",
            "classwork.view_waitingentry",
            "Who waits for which class, and for whom a place is kept.",
            "Classes",
        ),
        (
            "Cancel classes",
            "desk_call_off",
            "classwork.add_calloff",
            "Snow, or a teacher is ill: days or a whole class, and what people get for it.",
            "Classes",
        ),
        (
            "Minimum to run",
            "desk_minimum",
            "classwork.view_classoffer",
            "Classes that run only if enough people register.",
            "Classes",
        ),
        (
            "Proposals",
            "desk_proposals",
            "classwork.decide_proposal",
            "What teachers would like to offer or change.",
            "Classes",
        ),
        (
            "Registrations",
            "desk_registrations",
            "classwork.view_registration",
            "Who has a place, and whether it is paid.",
            "People",
        ),
        (
            "Students",
            "desk_students",
            "classwork.view_registration",
            "Levels and classes of everybody who attends.",
            "People",
        ),
    ]
    DESK_WORK = [
        (
            "class to decide about",
            "classes to decide about",
            "desk_minimum",
            "",
            "classwork.change_classoffer",
            "classwork.domain.places.minimum.undecided",
        ),
        (
            "proposal to answer",
            "proposals to answer",
            "desk_proposals",
            "",
            "classwork.decide_proposal",
            "classwork.domain.proposals.to_answer",
        ),
        (
            "registration on hold",
            "registrations on hold",
            "desk_registrations",
            "?show=hold",
            "classwork.view_registration",
            "classwork.domain.places.desk.on_hold",
        ),
        (
            "place kept for somebody who waits",
            "places kept for people who wait",
            "desk_waiting_lists",
            "",
            "classwork.view_waitingentry",
            "classwork.domain.places.waiting.queue.kept_now",
        ),
    ]
    ROLES = {
        "Teacher": ["classwork.add_proposal", "classwork.set_level"],
        "Assistant": ["classwork.add_proposal"],
        "Admin": [
            "classwork.decide_proposal",
            "classwork.exceed_capacity",
            "classwork.join_late",
            "classwork.arrange_waiting",
            "classwork.set_level",
            *(f"classwork.{right}_{model}" for model in MODELS for right in ("view", "add", "change", "delete")),
        ],
    }

    def ready(self) -> None:
        from classwork.signals import offer_first_levels

        post_migrate.connect(offer_first_levels, sender=self, dispatch_uid="classwork.first_levels")

from types import SimpleNamespace

from tests import factories
from tests.access import EVERYBODY, MEMBERS, VISITORS, Row
from users.domain import account_links


def stage(school: SimpleNamespace) -> None:
    factories.create_text("terms")
    school.offered = factories.create_child(school.sam, "Olu", "Stranger", offered_to=school.alice)


def kit(school: SimpleNamespace) -> list[object]:
    return [school.kit.pk]


GUARDIAN = "login 404 200 404 404 404"
GUARDIAN_ACTS = "login 404 302 404 404 404"
ONLY_POST = "405 405 405 405 405 405"
OFFICE_ONLY = "login 404 404 404 404 200"
OFFICE_MOVED = "login 404 404 404 404 302"
MEMBERS_ACT = "login 302 302 302 302 302"

ROWS = [
    Row("signup", VISITORS, post=VISITORS),
    Row("signup_done", EVERYBODY),
    Row("signup_closed", EVERYBODY),
    Row("login", EVERYBODY, post=EVERYBODY),
    Row("logout", ONLY_POST, post="302 302 302 302 302 302"),
    Row("password_change", MEMBERS, post=MEMBERS),
    Row("password_change_done", MEMBERS),
    Row("password_reset", EVERYBODY, post=EVERYBODY),
    Row("password_reset_done", EVERYBODY),
    Row("password_reset_complete", EVERYBODY),
    Row("password_reset_confirm", EVERYBODY, post=EVERYBODY, args=lambda school: ["MQ", "mangled"]),
    Row(
        "password_reset_confirm",
        "302 302 302 302 302 302",
        post="302 302 302 302 302 302",
        args=lambda school: [
            account_links.encoded_user_id(school.sam),
            account_links.LinkTokens().make_token(school.sam),
        ],
        note="a good link",
        browse=False,
    ),
    Row("link_again", ONLY_POST, post="302 302 302 302 302 302"),
    Row("user_update", MEMBERS, post=MEMBERS),
    Row("email_change", MEMBERS, post=MEMBERS),
    Row("email_confirm", MEMBERS, post=MEMBERS, args=lambda school: ["mangled"]),
    Row(
        "staff_update",
        "login 404 404 200 200 200",
        post="login 404 404 302 302 302",
        data=lambda school: {"title": "Teaches Shag"},
    ),
    Row("my_consents", MEMBERS),
    Row("consent_give", ONLY_POST, post=MEMBERS_ACT, args=lambda school: ["terms"]),
    Row("consent_withdraw", ONLY_POST, post=MEMBERS_ACT, args=lambda school: ["terms"]),
    Row("account_close", MEMBERS, post=MEMBERS),
    Row("account_closed", EVERYBODY),
    Row("second_factor", OFFICE_ONLY),
    Row("second_factor_set_up", OFFICE_ONLY, post=OFFICE_ONLY, writes="the secret that is shown"),
    Row("second_factor_verify", OFFICE_MOVED, post=OFFICE_MOVED),
    Row("second_factor_codes", OFFICE_MOVED, post=OFFICE_MOVED),
    Row("second_factor_remove", OFFICE_MOVED, post=OFFICE_MOVED),
    Row("profile_page", MEMBERS),
    Row("own_record", MEMBERS, post=MEMBERS_ACT, data=lambda school: {"notes": ""}),
    Row("care_add", MEMBERS, post=MEMBERS),
    Row("care_edit", GUARDIAN, post=GUARDIAN, args=kit),
    Row("care_remove", GUARDIAN, post=GUARDIAN_ACTS, args=kit),
    Row("care_hand_over", GUARDIAN, post=GUARDIAN, args=kit),
    Row("care_take_back", ONLY_POST, post=GUARDIAN_ACTS, args=kit),
    Row(
        "offer_answer",
        ONLY_POST,
        post="login 302 404 404 404 404",
        args=lambda school: [school.offered.pk],
        data=lambda school: {"answer": "unknown"},
    ),
    Row(
        "offer_join",
        "login 200 404 404 404 404",
        post="login 302 404 404 404 404",
        args=lambda school: [school.offered.pk, "me"],
    ),
    Row("profile_user", "login 302 404 404 404 200", args=lambda school: [school.alice.pk]),
    Row("profile_student", "login 200 404 404 404 200", args=lambda school: [school.student.pk]),
    Row("profile_student", "login 404 200 404 404 200", args=kit, note="in somebody's care"),
    Row("profile_staff", EVERYBODY, args=lambda school: [school.tess.pk]),
]

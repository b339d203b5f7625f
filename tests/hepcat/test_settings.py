"""The settings on a new machine: each case runs in its own process with nothing else in the environment."""

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase, tag

from common import env
from tests.hepcat.env_template import TEMPLATE, TOP, template_names

PRINT_SETTINGS = """
import json
from hepcat import settings
print(json.dumps({name: getattr(settings, name) for name in %r}, default=str))
"""

# The variables named in requirements/school.md and in the two tables of the paywall.
REQUIRED_VARIABLES = """
    SECRET_KEY DEBUG ALLOWED_HOSTS DB_NAME DB_USER DB_PASS DB_HOST DB_PORT EMAIL_HOST_USER EMAIL_HOST_PASSWORD
    STRIPE_PUBLIC_KEY STRIPE_KEY PAYPAL_EMAIL PAYPAL_SECRET PAYPAL_CLIENT_ID PAYPAL_URL BUSINESS_NAME
    SUPERUSER_FIRST_NAME SUPERUSER_LAST_NAME DEFAULT_CITY DEFAULT_COUNTRY_AREA_STATE DEFAULT_POSTCODE DEFAULT_COUNTRY
    ASSUME_CLASS_APPROVE DEFAULT_CLASS_PRICE DEFAULT_PRE_DISCOUNT MULTI_DISCOUNT DEFAULT_KEY_DAY DEFAULT_MAX_DAY_SHIFT
    DEFAULT_SESSION_WEEKS SESSION_MINIMUM_WEEKS DEFAULT_SESSION_EXPIRE SHORT_SESSION_EXPIRE DEFAULT_CLASS_MINUTES S3
    DJANGO_CACHES DJANGO_DATABASES DJANGO_DEBUG DJANGO_SECRET_KEY DJANGO_SECURE_BROWSER_XSS_FILTER
    DJANGO_SECURE_SSL_REDIRECT DJANGO_SECURE_CONTENT_TYPE_NOSNIFF DJANGO_SECURE_FRAME_DENY
    DJANGO_SECURE_HSTS_INCLUDE_SUBDOMAINS DJANGO_SESSION_COOKIE_HTTPONLY DJANGO_SESSION_COOKIE_SECURE
    DJANGO_DEFAULT_FROM_EMAIL DJANGO_SERVER_EMAIL DJANGO_EMAIL_SUBJECT_PREFIX DJANGO_AWS_ACCESS_KEY_ID
    DJANGO_AWS_SECRET_ACCESS_KEY DJANGO_AWS_STORAGE_BUCKET_NAME DJANGO_MAILGUN_API_KEY DJANGO_MAILGUN_SERVER_NAME
""".split()


def import_settings(*names: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Import the settings with these environment variables. SECRET_KEY has a value unless it is passed empty."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP / "web"), "ENV_FILE": os.devnull, "SECRET_KEY": "x" * 60}
    command = [sys.executable, "-W", "ignore", "-c", PRINT_SETTINGS % (names,)]
    return subprocess.run(command, env=bare | variables, capture_output=True, text=True)


class SettingsTestCase(SimpleTestCase):
    def settings_under(self, *names: str, **variables: str) -> dict[str, object]:
        result = import_settings(*names, **variables)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def assertRefused(self, message: str, **variables: str) -> None:
        result = import_settings(**variables)
        self.assertNotEqual(result.returncode, 0, variables)
        self.assertIn(message, result.stderr.strip().splitlines()[-1])


@tag("once")
class SafeDefaultsTest(SettingsTestCase):
    def test_defaults_are_safe_when_no_variable_is_set(self) -> None:
        loaded = self.settings_under(
            "DEBUG", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "DEMO_PLUGIN"
        )
        self.assertEqual(
            loaded,
            {
                "DEBUG": False,
                "ALLOWED_HOSTS": [],
                "SECURE_SSL_REDIRECT": True,
                "SESSION_COOKIE_SECURE": True,
                "DEMO_PLUGIN": False,
            },
        )

    def test_missing_secret_key_stops_the_start_and_names_the_variable(self) -> None:
        self.assertRefused("SECRET_KEY must be set", SECRET_KEY="")

    def test_invalid_value_is_refused_with_the_name_of_the_variable(self) -> None:
        for name, value in {
            "DEBUG": "perhaps",
            "DEFAULT_KEY_DAY": "7",
            "DEFAULT_CLASS_PRICE": "-1",
            "MULTI_DISCOUNT": "NaN",
            "DEFAULT_SESSION_WEEKS": "5.5",
            "EMAIL_PORT": "99999",
            "STAFF_2FA": "maybe",
            "MAIL_BY": "pigeon",
        }.items():
            with self.subTest(name):
                self.assertRefused(f"{name} must be", **{name: value})

    def test_invalid_database_url_is_not_repeated_because_it_may_contain_a_password(self) -> None:
        result = import_settings(DATABASE_URL="nonsense://me:hunter2@host")
        self.assertIn("DATABASE_URL", result.stderr)
        self.assertNotIn("hunter2", result.stderr)

    def test_s3_without_its_keys_is_refused(self) -> None:
        self.assertRefused("AWS_ACCESS_KEY_ID must be set", S3="True")

    def test_private_files_on_s3_need_a_signature_and_are_kept_apart_from_public_pictures(self) -> None:
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_STORAGE_BUCKET_NAME": "school"}
        for more, bucket in (({}, "school"), ({"AWS_PRIVATE_BUCKET_NAME": "school-private"}, "school-private")):
            loaded = self.settings_under("STORAGES", S3="True", RESOURCE_LINK_SECONDS="30", **keys, **more)["STORAGES"]
            assert isinstance(loaded, dict)
            private, public = loaded["private"]["OPTIONS"], loaded["default"]["OPTIONS"]
            self.assertEqual((private["location"], private["querystring_auth"]), ("private", True))
            self.assertEqual((private["bucket_name"], private["querystring_expire"]), (bucket, 30))
            self.assertEqual((public["location"], public["querystring_auth"]), ("media", False))


@tag("once")
class VariableNamesTest(SettingsTestCase):
    def test_name_with_django_prefix_is_read_only_when_the_plain_name_is_missing(self) -> None:
        self.assertEqual(self.settings_under("DEBUG", DJANGO_DEBUG="True"), {"DEBUG": True})
        self.assertEqual(self.settings_under("DEBUG", DJANGO_DEBUG="True", DEBUG="False"), {"DEBUG": False})
        self.assertEqual(
            self.settings_under("MAILGUN_ACCESS_KEY", DJANGO_MAILGUN_API_KEY="key"), {"MAILGUN_ACCESS_KEY": "key"}
        )

    def test_names_with_live_prefix_are_preferred_on_pythonanywhere_only(self) -> None:
        both = {"ALLOWED_HOSTS": "here.example.org", "LIVE_ALLOWED_HOSTS": "live.example.org"}
        self.assertEqual(self.settings_under("ALLOWED_HOSTS", **both), {"ALLOWED_HOSTS": ["here.example.org"]})
        for sign in ({"HOSTED_PYTHONANYWHERE": "True"}, {"PYTHONANYWHERE_SITE": "www.pythonanywhere.com"}):
            with self.subTest(sign):
                loaded = self.settings_under("ALLOWED_HOSTS", **both, **sign)
                self.assertEqual(loaded, {"ALLOWED_HOSTS": ["live.example.org"]})

    def test_allowed_hosts_are_separated_by_spaces_or_commas(self) -> None:
        for text in ("a.example b.example", "a.example,b.example", " a.example, b.example "):
            with self.subTest(text):
                loaded = self.settings_under("ALLOWED_HOSTS", ALLOWED_HOSTS=text)
                self.assertEqual(loaded, {"ALLOWED_HOSTS": ["a.example", "b.example"]})

    def test_database_variables_and_database_url_give_the_same_settings(self) -> None:
        parts = {"DB_NAME": "hepcat", "DB_USER": "u", "DB_PASS": "p", "DB_HOST": "db.example", "DB_PORT": "5433"}
        from_parts = self.settings_under("DATABASES", **parts)["DATABASES"]
        from_url = self.settings_under("DATABASES", DATABASE_URL="postgres://u:p@db.example:5433/hepcat")["DATABASES"]
        for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT"):
            self.assertEqual(from_parts["default"][name], from_url["default"][name])  # type: ignore[index]

    def test_mailgun_needs_only_two_variables(self) -> None:
        loaded = self.settings_under(
            "MAIL_BY", "EMAIL_HOST_USER", "EMAIL_USE_TLS", MAILGUN_ACCESS_KEY="k", MAILGUN_SERVER_NAME="mg.example.org"
        )
        self.assertEqual(
            loaded, {"MAIL_BY": "smtp", "EMAIL_HOST_USER": "postmaster@mg.example.org", "EMAIL_USE_TLS": True}
        )

    def test_mail_account_without_a_host_uses_the_server_of_its_provider_over_tls(self) -> None:
        """The school's README names only EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."""
        names = ("MAIL_BY", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS")
        for user, host in {
            "school@gmail.com": "smtp.gmail.com",
            "school@outlook.com": "smtp-mail.outlook.com",
            "office@school.example": "smtp.school.example",
        }.items():
            with self.subTest(user):
                loaded = self.settings_under(*names, EMAIL_HOST_USER=user, EMAIL_HOST_PASSWORD="x")
                self.assertEqual(list(loaded.values()), ["smtp", host, 587, True])
        for more in ({"EMAIL_HOST": "mail.example"}, {"EMAIL_PORT": "2525"}, {"EMAIL_USE_TLS": "False"}):
            with self.subTest(more):
                loaded = self.settings_under(*names, EMAIL_HOST_USER="office@school.example", **more)
                self.assertTrue(set(map(str, more.values())) <= set(map(str, loaded.values())), loaded)

    def test_data_root_contains_everything_the_site_writes_unless_a_path_is_set(self) -> None:
        names = ("MEDIA_ROOT", "PRIVATE_ROOT", "EMAIL_FILE_PATH", "OUTBOX_BEAT_FILE")
        loaded = self.settings_under(*names, "DATABASES", DATA_ROOT="/data", PRIVATE_ROOT="/elsewhere")
        self.assertEqual(
            [loaded[name] for name in names], ["/data/media", "/elsewhere", "/data/mail", "/data/celerybeat"]
        )
        self.assertEqual(loaded["DATABASES"]["default"]["NAME"], "/data/db.sqlite3")  # type: ignore[index]

    def test_celery_beat_uses_the_same_schedule_file_as_manage_celery(self) -> None:
        show = "from hepcat.celery import app; print(app.conf.beat_schedule_filename)"
        bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP / "web"), "SECRET_KEY": "x" * 60}
        env = bare | {"ENV_FILE": os.devnull, "DATA_ROOT": "/data"}
        result = subprocess.run([sys.executable, "-c", show], env=env, capture_output=True, text=True)
        self.assertEqual(result.stdout.strip(), "/data/celerybeat", result.stderr)

    def test_hsts_preload_is_off_unless_it_is_enabled(self) -> None:
        self.assertEqual(self.settings_under("SECURE_HSTS_PRELOAD"), {"SECURE_HSTS_PRELOAD": False})
        enabled = self.settings_under("SECURE_HSTS_PRELOAD", SECURE_HSTS_PRELOAD="True")
        self.assertEqual(enabled, {"SECURE_HSTS_PRELOAD": True})


@tag("once")
class PluginSettingsTest(SettingsTestCase):
    def with_app(self, *names: str, **modules: str) -> subprocess.CompletedProcess[str]:
        """Import the settings with the app `studio`, which has these modules."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "studio"
        folder.mkdir()
        for name, text in ({"__init__": ""} | modules).items():
            (folder / f"{name}.py").write_text(text)
        path = os.pathsep.join([str(TOP / "web"), str(folder.parent)])
        return import_settings(*names, EXTRA_APPS="studio.apps.StudioConfig", PYTHONPATH=path)

    def test_app_adds_price_rules_before_codes_and_credit_and_replaces_entries_by_name(self) -> None:
        text = 'PRICE_RULES = ["studio.rules.apply"]\nPRODUCT_KINDS = {"ticket": "studio.Kind"}'
        loaded = json.loads(self.with_app("PRICE_RULES", "PRODUCT_KINDS", hepcat_settings=text).stdout)
        names = [path.rpartition(".")[2] for path in loaded["PRICE_RULES"]]
        self.assertEqual(names[names.index("apply") - 1 :][:3], ["apply_early_price", "apply", "apply_exchange_credit"])
        self.assertEqual(loaded["PRODUCT_KINDS"]["ticket"], "studio.Kind")
        self.assertIn("class", loaded["PRODUCT_KINDS"])

    def test_app_without_settings_changes_nothing(self) -> None:
        self.assertEqual(self.with_app().returncode, 0)

    def test_misspelled_or_wrong_value_of_an_app_stops_the_start(self) -> None:
        for text, message in (
            ("PRICE_RULE = []", "studio.hepcat_settings has PRICE_RULE."),
            ("PRICE_RULE = []", "Did you mean 'PRICE_RULES'?"),
            ("PRICE_RULES = 'studio.rules.apply'", "PRICE_RULES in studio.hepcat_settings must be a list."),
        ):
            with self.subTest(text):
                self.assertIn(message, self.with_app(hepcat_settings=text).stderr)


@tag("once")
class UnusedSettingsTest(SimpleTestCase):
    """A setting that nothing reads is a bug."""

    # Settings that are read by Django or by a package, each with the name of its reader.
    READ_ELSEWHERE = dict.fromkeys(
        """ADMINS ALLOWED_HOSTS AUTHENTICATION_BACKENDS AUTH_PASSWORD_VALIDATORS AUTH_USER_MODEL CACHES
        CSRF_COOKIE_SECURE CSRF_FAILURE_VIEW CSRF_TRUSTED_ORIGINS DATABASES DEBUG DEFAULT_AUTO_FIELD EMAIL_BACKEND
        EMAIL_FILE_PATH EMAIL_HOST EMAIL_HOST_PASSWORD EMAIL_HOST_USER EMAIL_PORT EMAIL_TIMEOUT EMAIL_USE_SSL
        EMAIL_USE_TLS FILE_UPLOAD_DIRECTORY_PERMISSIONS FILE_UPLOAD_PERMISSIONS FORMAT_MODULE_PATH FORM_RENDERER
        INSTALLED_APPS LANGUAGES LANGUAGE_CODE LOCALE_PATHS LOGGING LOGIN_REDIRECT_URL LOGIN_URL LOGOUT_REDIRECT_URL
        MEDIA_URL MIDDLEWARE
        ROOT_URLCONF SECRET_KEY SECURE_CONTENT_TYPE_NOSNIFF SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD
        SECURE_HSTS_SECONDS SECURE_REFERRER_POLICY SECURE_SSL_REDIRECT SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SECURE
        SILENCED_SYSTEM_CHECKS STATICFILES_DIRS STATICFILES_FINDERS STATIC_ROOT STATIC_URL STORAGES TEMPLATES
        TEST_RUNNER TIME_ZONE USE_I18N USE_TZ WSGI_APPLICATION X_FRAME_OPTIONS""".split(),
        "Django",
    ) | {
        "AWS_SES_ACCESS_KEY_ID": "django-ses",
        "AWS_SES_REGION_ENDPOINT": "django-ses",
        "AWS_SES_REGION_NAME": "django-ses",
        "AWS_SES_SECRET_ACCESS_KEY": "django-ses",
        "OTP_TOTP_ISSUER": "django-otp",
        "OTP_TOTP_THROTTLE_FACTOR": "django-otp",
        "PAYMENT_HOST": "django-payments",
        "PAYMENT_MODEL": "django-payments",
        "PAYMENT_USES_SSL": "django-payments",
        "REGISTRATION_OPEN": "django-registration",
    }
    PACKAGES = ("AXES_", "CELERY_", "COMPRESS_", "WHITENOISE_")
    # Settings for features that are planned but not built yet.
    PLANNED = {"NEWS_WITHOUT_CONSENT": "news and offers"}

    def test_every_setting_is_read_by_something(self) -> None:
        path = TOP / "web" / "hepcat" / "settings.py"
        text = path.read_text()
        assigned = {
            target.id
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id.isupper()
        }
        others = "\n".join(
            each.read_text() for each in (TOP / "web").rglob("*") if each.suffix in {".py", ".html"} and each != path
        )
        unread = {
            name
            for name in assigned - self.READ_ELSEWHERE.keys() - self.PLANNED.keys()
            if not name.startswith(self.PACKAGES)
            and not re.search(rf"\b{name}\b", others)
            and len(re.findall(rf"\b{name}\b", text)) - len(re.findall(rf'"{name}"', text)) < 2
        }
        self.assertEqual(unread, set())


@tag("once")
class EnvTemplateTest(SimpleTestCase):
    """`.env_template` lists exactly the variables that the code reads."""

    def test_template_lists_exactly_the_variables_that_are_read(self) -> None:
        self.assertEqual(sorted(template_names()), sorted(set(variables_read()) - {"ENV_FILE"} | {"LIVE_WSGI_FILE"}))

    def test_every_required_variable_is_read(self) -> None:
        read = set(variables_read())
        known = (
            read | {f"DJANGO_{name}" for name in read} | {alias for names in env.ALIASES.values() for alias in names}
        )
        self.assertEqual([name for name in REQUIRED_VARIABLES if name not in known], [])

    def test_every_group_of_variables_has_a_comment_above_it(self) -> None:
        lines = TEMPLATE.read_text().splitlines()
        first = [
            n for n, line in enumerate(lines) if "=" in line and line[0] != "#" and not re.match("[A-Z]", lines[n - 1])
        ]
        self.assertEqual([lines[n] for n in first if not lines[n - 1].startswith("# ")], [])

    def test_the_template_is_valid_shell(self) -> None:
        result = subprocess.run(
            ["sh", "-euc", 'set -a; . ./.env_template; printf %s "$ALLOWED_HOSTS"'],
            cwd=TOP,
            capture_output=True,
            text=True,
        )
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "www.example.org", ""))


def variables_read() -> Iterator[str]:
    """The first argument of every call to common.env, in that module and everywhere else."""
    for path in sorted((TOP / "web").rglob("*.py")):
        called = ast.Name if path == TOP / "web" / "common" / "env.py" else ast.Attribute
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, called) and node.args:
                yield from variable_name(node)


def variable_name(call: ast.Call) -> list[str]:
    name = call.args[0].value if isinstance(call.args[0], ast.Constant) else ""
    of_env = isinstance(call.func, ast.Name) or ast.unparse(call.func).startswith("env.")
    return [name] if of_env and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(name)) else []

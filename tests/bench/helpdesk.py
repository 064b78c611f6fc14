"""The second yardstick: `get_email` of django-helpdesk, a help desk in Python that turns emails into tickets.

It lives in a virtual environment of its own, made when first wanted, and uses SQLite as Django comes.
"""

import json
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.servers.dovecot import PASSWORD, Dovecot

RELEASE = "2.6.1"
_ENVIRONMENT = Path(__file__).parents[2] / ".tools" / "helpdesk-bench"
# Of both others it needs, its package names neither.
_PACKAGES = (f"django-helpdesk=={RELEASE}", "django-bootstrap4-form", "packaging")

# As its manual installs it, without the parts no email passes through. The dummy backend sends its answers nowhere.
_PROGRAM = """
import json, re, sys, time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

folder, port, user, password = sys.argv[1:]
django_apps = ("admin", "auth", "contenttypes", "humanize", "messages", "sessions", "sites")
settings.configure(
    SECRET_KEY="for this run only",
    SITE_ID=1,
    USE_TZ=True,
    ROOT_URLCONF="__main__",
    STATIC_URL="/static/",
    MEDIA_ROOT=f"{folder}/media",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/helpdesk.sqlite3"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in django_apps), "bootstrap4form", "rest_framework", "helpdesk"],
    HELPDESK_TEAMS_MODE_ENABLED=False,
)
django.setup()
urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
call_command("migrate", verbosity=0)

from helpdesk.models import Queue, Ticket

Queue.objects.create(
    title="Education review",
    slug="review",
    email_address="review@county.example",
    allow_email_submission=True,
    email_box_type="imap",
    email_box_host="127.0.0.1",
    email_box_port=int(port),
    email_box_ssl=True,
    email_box_user=user,
    email_box_pass=password,
    email_box_imap_folder="INBOX",
    email_box_interval=0,
)
started = time.perf_counter()
call_command("get_email", quiet=True)
seconds = time.perf_counter() - started
memory = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000
print(json.dumps({"seconds": seconds, "memory": memory, "tickets": Ticket.objects.count()}))
"""


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """What it did: time in seconds from its command's start (its migrations not counted), memory in MB."""

    seconds: float
    memory: float
    tickets: int


def install_helpdesk() -> str | None:
    """Make its environment unless that is there. Returns why it cannot be had, or None."""
    if (_ENVIRONMENT / "ready").exists():
        return None
    shutil.rmtree(_ENVIRONMENT, ignore_errors=True)
    try:
        venv.create(_ENVIRONMENT)  # without pip, which Debian's Python cannot put in: ours serves
        pip = [sys.executable, "-m", "pip", "--python", str(_python()), "install", "--quiet", *_PACKAGES]
        subprocess.run(pip, check=True, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        return said.splitlines()[-1] if said else type(error).__name__
    (_ENVIRONMENT / "ready").touch()
    return None


def run_helpdesk(dovecot: Dovecot, user: str, folder: Path) -> Helpdesk:
    """Let it take everything out of this user's INBOX."""
    folder.mkdir()
    command = [str(_python()), "-c", _PROGRAM, str(folder), str(dovecot.tls_port), user, PASSWORD]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Helpdesk(**json.loads(done.stdout))


def _python() -> Path:
    return _ENVIRONMENT / "bin" / "python"

"""The product's own settings, with what only a test needs: made-up secrets and quick hashing."""

import os
import tempfile

from cryptography.fernet import Fernet

_folder = os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="crowdspeak-test-"))
os.environ.setdefault("PROFILE", "development")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("TOKEN_KEYS", Fernet.generate_key().decode())
os.environ.setdefault("FINGERPRINT_KEY", "0" * 64)
os.environ.setdefault("INSTANCE_ID", "00000000-0000-0000-0000-000000000001")
os.environ.setdefault(
    "DATABASE_URL", os.environ.get("TEST_DATABASE_URL", "sqlite:///" + _folder + "/test.sqlite3")
)

from crowdspeak.settings import *  # noqa: E402, F403
from crowdspeak.settings import ALL_LANGUAGES, DATABASES  # noqa: E402

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
AXES_ENABLED = False
PAGES_KEPT_SECONDS = 0.0  # a test looks at what it has just changed
LANGUAGE_CODE = "en"
LANGUAGES = ALL_LANGUAGES
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: threads and other processes look at the same one.
    DATABASES["default"]["TEST"] = {"NAME": _folder + "/test.sqlite3"}

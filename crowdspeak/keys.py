"""Make the secrets of a new installation: ``python -m crowdspeak.keys var/keys``.

Only set-up calls this. Nothing that exists is ever replaced: a lost token key makes every linked
account useless, and a changed fingerprint key would let an account post twice.
"""

import os
import secrets
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet


def make_keys(folder: Path) -> list[Path]:
    """Write each missing secret into its own file (mode 0600); give back the files it made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    secrets_by_name: dict[str, Callable[[], str]] = {
        "secret_key": lambda: secrets.token_urlsafe(64),
        "token_keys": lambda: Fernet.generate_key().decode(),
        "fingerprint_key": lambda: secrets.token_hex(32),
        "instance_id": lambda: str(uuid.uuid4()),
    }
    made = []
    for name, make in secrets_by_name.items():
        path = folder / name
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w") as file:
            file.write(make())
        made.append(path)
    return made


def main() -> int:
    """Command line: the folder to write into."""
    if len(sys.argv) != 2:
        print("Usage: python -m crowdspeak.keys FOLDER", file=sys.stderr)
        return 2
    for path in make_keys(Path(sys.argv[1])):
        print(f"made {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""docker-compose.yml and Dockerfile, read as Compose and Docker do, as far as ours go.

Whatever is in them that this does not understand is refused, so that nothing is silently left out.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
UNDERSTOOD = {
    *("build", "cap_drop", "command", "depends_on", "deploy", "env_file", "environment"),
    *("healthcheck", "image", "logging", "network_mode", "networks", "ports", "read_only"),
    *("restart", "security_opt", "shm_size", "stop_grace_period", "tmpfs", "volumes"),
}
USUAL_GRACE = "10s"
SECONDS = {"s": 1, "m": 60, "h": 3600}
# ${NAME}, ${NAME:-usual}, ${NAME:?what to do}, $NAME, and $$ for a dollar sign
REFERENCE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?])(?P<rest>[^}]*))?\}|(?P<bad>))"
)


class Refused(Exception):
    """What Compose would print instead of starting anything."""


def interpolate(text, variables):
    """Replace references by their variables. Raises Refused with the file's own words."""

    def replace(found):
        if found["escaped"]:
            return "$"
        name = found["bare"] or found["name"]
        if name is None:
            raise Refused(f"invalid interpolation in {text!r}")
        how, value = found["how"] or "", variables.get(name)
        is_there = bool(value) if how.startswith(":") else value is not None
        if is_there:
            return value
        if how.endswith("-"):
            return found["rest"]
        if how.endswith("?"):
            raise Refused(f"required variable {name} is missing a value: {found['rest']}")
        raise Refused(f"the variable {name} is not set")

    return REFERENCE.sub(replace, text)


def read_env(text):
    """The variables of an .env file: one a line, comments, values in quotes or not."""
    variables = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, found, value = line.partition("=")
        if not found or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise Refused(f"unexpected line in .env: {line!r}")
        value = value.strip()
        if value[:1] == "'":
            value = value.strip("'")
        elif value[:1] == '"':
            value = interpolate(value.strip('"'), variables)
        else:
            value = interpolate(re.split(r"\s#", value)[0].rstrip(), variables)
        variables[name] = value
    return variables


def _fill(node, variables):
    if isinstance(node, dict):
        return {key: _fill(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, variables) for value in node]
    return interpolate(node, variables) if isinstance(node, str) else node


def read_seconds(text):
    """A duration, like 30s or 1m."""
    number, unit = re.fullmatch(r"(\d+)([smh])", text).groups()
    return int(number) * SECONDS[unit]


@dataclass(kw_only=True)
class Service:
    """One service. ``volumes`` and ``tmpfs`` are folders as its processes know them."""

    name: str
    image: str
    is_ours: bool
    command: list[str]
    environment: dict[str, str]
    depends_on: dict[str, str] = field(default_factory=dict)
    healthcheck: list[str] = field(default_factory=list)
    volumes: dict[str, str] = field(default_factory=dict)
    tmpfs: list[str] = field(default_factory=list)
    replicas: int = 1
    grace_seconds: int = 10


def read_services(folder, compose=ROOT / "docker-compose.yml"):
    """Every service by its name, with the .env of ``folder``. Raises Refused."""
    path = Path(folder) / ".env"
    if not path.is_file():
        raise Refused(f"env file {path} not found")
    variables = read_env(path.read_text())
    whole = _fill(yaml.safe_load(compose.read_text()), variables)
    return {
        name: _read_service(name, facts, variables) for name, facts in whole["services"].items()
    }


def _read_service(name, facts, variables):
    if strange := set(facts) - UNDERSTOOD:
        raise Refused(f"{name} has {', '.join(sorted(strange))}, which the test does not know")
    environment = {}
    if "env_file" in facts:
        assert facts["env_file"] == ".env"
        environment |= variables
    environment |= {key: str(value) for key, value in facts.get("environment", {}).items()}
    depends_on = {key: each["condition"] for key, each in facts.get("depends_on", {}).items()}
    return Service(
        name=name,
        image=facts["image"],
        is_ours="build" in facts,
        command=shlex.split(facts["command"]),
        environment=environment,
        depends_on=depends_on,
        healthcheck=_read_check(facts.get("healthcheck")),
        volumes=dict(reversed(each.split(":")[:2]) for each in facts.get("volumes", [])),
        tmpfs=facts.get("tmpfs", []),
        replicas=int(facts.get("deploy", {}).get("replicas", 1)),
        grace_seconds=read_seconds(facts.get("stop_grace_period", USUAL_GRACE)),
    )


def _read_check(facts):
    if facts is None:
        return []
    kind, *words = facts["test"]
    if kind == "CMD-SHELL":
        return ["sh", "-c", *words]
    if kind != "CMD":
        raise Refused(f"a health check of the kind {kind} is not known to the test")
    return words


@dataclass(kw_only=True)
class Image:
    """What the last stage of the Dockerfile says."""

    base: str
    environment: dict[str, str]
    folder: str
    user: str
    command: list[str]
    copied: list[str]


def read_dockerfile(path=ROOT / "Dockerfile"):
    """The image that is built here; its instructions are one a line, or continued by a \\."""
    text = path.read_text().replace("\\\n", " ")
    stage = text[text.rindex("\nFROM ") + 1 :]
    lines = [line.partition(" ")[::2] for line in stage.splitlines() if line]
    found = dict(lines)
    return Image(
        base=found["FROM"],
        environment=dict(
            pair.split("=", 1)
            for word, rest in lines
            for pair in (shlex.split(rest) if word == "ENV" else ())
        ),
        folder=found["WORKDIR"],
        user=found["USER"],
        command=yaml.safe_load(found["CMD"]),
        copied=[
            each
            for line in text.splitlines()
            if line.startswith("COPY ") and "--from=" not in line
            for each in line.split()[1:-1]
            if not each.startswith("--")
        ],
    )

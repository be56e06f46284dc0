"""Compose, Kubernetes, the image and ``manage.py up`` describe one system."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mobius import __version__
from mobius.local import system
from mobius.local.console import Console
from mobius.local.environment import ROOT
from mobius.local.system import System

DEPLOY = ROOT / "deploy"
K8S = DEPLOY / "k8s"
ENTRYPOINT = (DEPLOY / "entrypoint.sh").read_text()
LONG_RUNNING = ("web", "worker", "beat")
ROLES = (*LONG_RUNNING, "migrate")
WORKLOADS = {"Deployment", "Job"}
YAML_FILES = [ROOT / "docker-compose.yml", *sorted(DEPLOY.rglob("*.yaml"))]
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))


def path_id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def documents(*folders: str) -> list[dict[str, Any]]:
    """Every resource in the files of these folders of ``k8s``."""
    files = [f for folder in folders for f in sorted((K8S / folder).glob("*.yaml"))]
    return [d for file in files for d in yaml.safe_load_all(file.read_text())]


def resource(kind: str, name: str) -> dict[str, Any]:
    found = [
        document
        for document in documents("base", "overlays/production")
        if document["kind"] == kind and document["metadata"]["name"] == name
    ]
    assert len(found) == 1, f"{kind} {name}: found {len(found)}"
    return found[0]


def pod(name: str) -> dict[str, Any]:
    kind = "Job" if name == "migrate" else "Deployment"
    spec: dict[str, Any] = resource(kind, name)["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    assert isinstance(only, dict)
    return only


def role_command(role: str) -> list[str]:
    """The words after ``exec python`` for a role, with the defaults filled in."""
    branch = re.search(rf"^{role}\)\n(.*?);;$", ENTRYPOINT, re.MULTILINE | re.DOTALL)
    assert branch, f"entrypoint.sh has no role {role}"
    command = branch[1].split("exec python", 1)[1].replace("\\\n", " ")
    filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", command)
    return [word for word in shlex.split(filled) if word != "$@"]


class Recorder(System):
    """A local system that notes the commands instead of running them."""

    def __init__(self) -> None:
        self.commands: dict[str, list[str]] = {}
        self.console = Console()
        self._port = 8000
        self.supervisor = self  # type: ignore[assignment]

    def watch(self) -> None:
        """Nothing was started."""

    def _start(self, name: str, argv: list[str], **_: Any) -> Any:
        self.commands[name] = argv[1:]

    def _wait_until_ready(self, web: Any) -> None:
        """Nothing will get ready."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parsed


@pytest.fixture(scope="module")
def local_commands() -> dict[str, list[str]]:
    recorder = Recorder()
    recorder.start_processes(worker_processes=2)
    return recorder.commands


@pytest.mark.parametrize("path", YAML_FILES, ids=path_id)
def test_every_manifest_is_yaml(path: Path) -> None:
    assert all(isinstance(d, dict) for d in yaml.safe_load_all(path.read_text()))


@pytest.mark.parametrize("path", SCRIPTS, ids=path_id)
def test_every_script_parses_and_can_be_run(path: Path) -> None:
    subprocess.run(["sh", "-n", str(path)], check=True)

    assert path.stat().st_mode & 0o111
    assert "set -eu" in path.read_text()


@pytest.mark.parametrize("path", sorted(K8S.rglob("kustomization.yaml")), ids=path_id)
def test_a_kustomization_refers_to_what_exists(path: Path) -> None:
    said = yaml.safe_load(path.read_text())
    named = said.get("resources", []) + said.get("components", [])
    for generator in said.get("configMapGenerator", []):
        named += generator.get("envs", [])

    for name in named:
        target = path.parent / name
        assert target.is_file() or (target / "kustomization.yaml").is_file(), name


def test_every_file_of_the_base_is_listed() -> None:
    listed = set(
        yaml.safe_load((K8S / "base/kustomization.yaml").read_text())["resources"]
    )
    there = {file.name for file in (K8S / "base").glob("*.yaml")}

    assert there - {"kustomization.yaml"} == listed


@pytest.mark.parametrize("role", ROLES)
def test_a_process_is_the_same_role_everywhere(
    compose: dict[str, Any], role: str
) -> None:
    assert role_command(role)
    assert compose["services"][role]["command"] == [role]
    assert container(role)["args"] == [role]
    assert container(role)["image"] == "mobius"


def test_compose_has_no_process_that_kubernetes_lacks(compose: dict[str, Any]) -> None:
    ours = {
        name
        for name, service in compose["services"].items()
        if service["image"].startswith("${MOBIUS_IMAGE")
    }
    deployed = {
        d["metadata"]["name"] for d in documents("base") if d["kind"] in WORKLOADS
    }

    assert ours == deployed == set(ROLES)


@pytest.mark.parametrize("role", LONG_RUNNING)
def test_containers_run_what_the_local_stack_runs(
    local_commands: dict[str, list[str]], role: str
) -> None:
    where = {"127.0.0.1": "0.0.0.0"}  # noqa: S104 - compared, not listened on
    drain = str(system.WEB_DRAIN_SECONDS)
    local = [where.get(word, word) for word in local_commands[role]]
    if role == "web":
        assert local[-1] == drain
        local[-1] = "10"  # a container has to tell its load balancer as well

    assert sorted(role_command(role)) == sorted(local)


def test_everything_waits_for_the_tables(compose: dict[str, Any]) -> None:
    for role in LONG_RUNNING:
        needs = compose["services"][role]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}


def test_compose_checks_the_health_of_what_can_be_asked(
    compose: dict[str, Any],
) -> None:
    asked = {name for name, s in compose["services"].items() if "healthcheck" in s}

    assert asked == set(compose["services"]) - {"migrate", "beat"}


def test_nothing_of_compose_is_open_to_the_world_but_the_edge(
    compose: dict[str, Any],
) -> None:
    opened = {n: s["ports"] for n, s in compose["services"].items() if "ports" in s}

    assert set(opened) == {"web", "nginx"}
    assert all(port.startswith("127.0.0.1:") for port in opened["web"])
    assert compose["services"]["nginx"]["profiles"] == ["edge"]


def test_no_secret_stands_in_a_manifest() -> None:
    line = re.compile(
        r"^\s*\w*(?:SECRET_KEY|PASSWORD|API_KEY)[:=] *(\S+)", re.MULTILINE
    )
    files = [*YAML_FILES, *K8S.rglob("*.env")]
    values = [value for file in files for value in line.findall(file.read_text())]

    assert values
    assert [value for value in values if not value.startswith("${")] == []


def test_the_image_has_the_version_of_the_code(compose: dict[str, Any]) -> None:
    tags = [
        image["newTag"]
        for name in ("base", "overlays/production")
        for image in yaml.safe_load((K8S / name / "kustomization.yaml").read_text())[
            "images"
        ]
    ]

    assert set(tags) == {__version__}
    assert (
        compose["services"]["web"]["image"]
        == f"${{MOBIUS_IMAGE:-mobius:{__version__}}}"
    )
    assert f"## [{__version__}]" in (DEPLOY / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("probe", "path"),
    [
        ("startupProbe", "/readyz"),
        ("readinessProbe", "/readyz"),
        ("livenessProbe", "/healthz"),
    ],
)
def test_web_is_probed_where_it_answers(probe: str, path: str) -> None:
    assert container("web")[probe]["httpGet"] == {"path": path, "port": "http"}
    assert container("web")["ports"] == [{"name": "http", "containerPort": 8000}]


@pytest.mark.parametrize("role", LONG_RUNNING)
def test_a_pod_is_selected_by_its_own_disruption_budget(role: str) -> None:
    labels = resource("Deployment", role)["spec"]["template"]["metadata"]["labels"]
    budget = resource("PodDisruptionBudget", role)["spec"]

    assert budget["selector"]["matchLabels"].items() <= labels.items()
    assert budget["maxUnavailable"] == 1


@pytest.mark.parametrize("role", ["web", "worker"])
def test_the_autoscaler_alone_decides_how_many(role: str) -> None:
    scaler = resource("HorizontalPodAutoscaler", role)["spec"]

    assert scaler["scaleTargetRef"]["name"] == role
    assert scaler["minReplicas"] >= 2
    assert "replicas" not in resource("Deployment", role)["spec"]


def test_a_web_pod_has_the_time_to_drain() -> None:
    settings = dict(
        line.split("=", 1)
        for line in (K8S / "base" / "settings.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    pause = float(container("web")["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = float(settings["MOBIUS_WEB_DRAIN_SECONDS"])

    assert pod("web")["terminationGracePeriodSeconds"] > pause + drain


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_has_no_more_rights_than_it_needs(role: str) -> None:
    rights = container(role)["securityContext"]

    assert pod(role)["securityContext"]["runAsNonRoot"] is True
    assert pod(role)["automountServiceAccountToken"] is False
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["capabilities"] == {"drop": ["ALL"]}

"""Builder and registry of the images for the nodes of a test Swarm.

Both keep their data in the user's cache folder, so only the first run on a machine
builds the base images. `python -m tests.swarm.images` does that ahead of the tests.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.functions import FUNCTIONS
from tests.swarm.handbook import ROOT, commands
from tests.swarm.nodes import Engine
from tests.swarm.shell import CommandFailed, Docker, run
from tests.tools import collector, inbox
from tests.waiting import wait_until

STANDINS = Path(__file__).parent / "standins"
# Too large for a test machine. Their stand-ins listen on the same ports.
NEVER_OFFICIAL = {"elasticsearch": 9200, "kibana": 5601, "grafana/grafana": 3000}
PYTHON = "python:3.13-slim-trixie"
# What the functions' and the database's images begin with.
BASES = (PYTHON, "postgres:18.6-trixie")
EDGE = ("traefik:v3.7.15", "wollomatic/socket-proxy:1.12.2")
TOOLS_STACK = ROOT / "deploy" / "tools" / "stack.yml"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def cache() -> Path:
    """Return the folder that is kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "minitwit" / "swarm"


@contextmanager
def registry(folder: Path) -> Iterator[int]:
    """Run the registry and yield its port."""
    port = _free_port()
    settings = folder / "registry.yml"
    settings.write_text(_REGISTRY.format(root=cache() / "registry", port=port))
    command = ["setpriv", "--pdeathsig", "KILL", "docker-registry", "serve"]
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([*command, settings], stdout=log, stderr=log)
    try:
        wait_until(lambda: _listens(port), "the registry to listen")
        yield port
    finally:
        process.kill()
        process.wait(30)


@contextmanager
def workshop(folder: Path, port: int) -> Iterator["Workshop"]:
    """Run the builder, exclusively on this machine."""
    cache().mkdir(parents=True, exist_ok=True)
    builder = Engine(f"builder-{os.getpid()}", "builder", folder, cache() / "builder")
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            # On the host's network, since packages are downloaded.
            builder.start("--iptables=false", "--ip-forward=false")
            yield Workshop(builder.docker, f"127.0.0.1:{port}")
        finally:
            builder.stop()


class Workshop:
    """Builds images and pushes them to the registry."""

    def __init__(self, docker: Docker, registry: str) -> None:
        self.docker = docker
        self.registry = registry

    def stock_and_build(self, version: str) -> None:
        """Push all images of others that the stacks name, and a version of ours."""
        self.stock(*BASES)
        # A build keeps one processor busy, so there are two at a time.
        with ThreadPoolExecutor() as beside:
            others = beside.submit(self.stock, *EDGE, *_images_of_the_tools())
            self.build(version)
            others.result()

    def stock(self, *official: str) -> None:
        """Push official images, or stand-ins where they cannot be pulled."""
        for image in official:
            self._have(image)
            path = image if "/" in image else f"library/{image}"
            self.docker("tag", image, f"{self.registry}/{path}")
            self.docker("push", "--quiet", f"{self.registry}/{path}")
            self.docker("rmi", f"{self.registry}/{path}")

    def build(self, version: str) -> None:
        """Build and push a version by the commands of docs/operations.md."""
        environment = {
            **os.environ,
            "DOCKER_HOST": self.docker.host,
            "DOCKER_BUILDKIT": "0",
            "MINITWIT_REGISTRY": f"{self.registry}/minitwit",
            "VERSION": f"{version} --network=host",
        }
        script = commands("Build a version").replace('"$VERSION"', "$VERSION")
        run("bash", "-ec", script, environment=environment, timeout=900)

    def spoil(self, version: str, new: str, **setting: str) -> None:
        """Push a version in which functions have a wrong setting."""
        for name in (*FUNCTIONS, "cli"):
            image = f"{self.registry}/minitwit/minitwit-{name}"
            wrong = f"\nENV {setting[name]}" if name in setting else ""
            recipe = f"FROM {image}:{version}{wrong}"
            self.docker("build", "--tag", f"{image}:{new}", "-", stdin=recipe)
            self.docker("push", "--quiet", f"{image}:{new}")

    def _have(self, image: str) -> None:
        name = image.partition(":")[0]
        label = '{{index .Config.Labels "minitwit.stand-in"}}'
        if name in NEVER_OFFICIAL:
            _inbox(self.docker, image, NEVER_OFFICIAL[name])
        elif not self.docker("images", "--quiet", image):
            try:
                self.docker("pull", "--quiet", image, timeout=600)
            except CommandFailed:
                _STAND_INS[name](self.docker, image)
        elif self.docker("inspect", "--format", label, image) and image != PYTHON:
            # Its Dockerfile may have changed; if not, the builder's cache has it.
            _STAND_INS[name](self.docker, image)


def _images_of_the_tools() -> list[str]:
    services = yaml.safe_load(TOOLS_STACK.read_text(encoding="utf-8"))["services"]
    return sorted({service["image"] for service in services.values()})


# As in the official image: no manuals, no caches, and no fsync per installed file, also
# for packages that are installed later.
_DPKG = (
    "force-unsafe-io",
    *(f"path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
)
_APT = ('Dir::Cache::pkgcache ""', 'Dir::Cache::srcpkgcache ""')


def _python(docker: Docker, image: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        tar = Path(folder) / "root.tar"
        run(
            *("mmdebstrap", "--quiet", "--variant=minbase"),
            "--include=ca-certificates,python3,python3-venv",
            *(f"--dpkgopt={option}" for option in _DPKG),
            *(f"--aptopt={option}" for option in _APT),
            # One server is enough; security updates have another one.
            '--setup-hook=sed -i "1!d" "$1/etc/apt/sources.list"',
            # A proxy on the way to package servers may have its own certificates.
            f"--customize-hook=upload {CERTIFICATES} {CERTIFICATES}",
            '--customize-hook=ln -s /usr/bin/python3 "$1/usr/local/bin/"',
            *("trixie", tar),
            timeout=900,
        )
        changes = (f"ENV PIP_CERT={CERTIFICATES}", "LABEL minitwit.stand-in=yes")
        docker("import", *(f"--change={change}" for change in changes), tar, image)


def _traefik(docker: Docker, image: str) -> None:
    _build(docker, image, "traefik", Path(sys.executable).with_name("traefik"))


def _postgres(docker: Docker, image: str) -> None:
    _build(docker, image, "postgres")


def _debian(docker: Docker, image: str) -> None:
    program = image.partition(":")[0].rpartition("/")[2]
    _build(docker, image, "debian", options=("--target", program))


def _collector(docker: Docker, image: str) -> None:
    _build(docker, image, "collector", collector.binary())


def _inbox(docker: Docker, image: str, port: int) -> None:
    options = ("--target", "inbox", "--build-arg", f"PORT={port}")
    _build(docker, image, "debian", Path(inbox.__file__), options=options)


def _build(
    docker: Docker,
    image: str,
    name: str,
    *contents: Path,
    options: tuple[str, ...] = (),
) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        context = Path(folder) / "context"
        shutil.copytree(STANDINS / name, context)
        for path in contents:
            run("cp", "-aL", path, context)
        build = ("build", "--network=host", *options, "--tag", image)
        docker(*build, context, timeout=900)


_STAND_INS = {
    "python": _python,
    "traefik": _traefik,
    "postgres": _postgres,
    "wollomatic/socket-proxy": _debian,
    "otel/opentelemetry-collector-contrib": _collector,
    "prom/prometheus": _debian,
    "prom/alertmanager": _debian,
    "prom/node-exporter": _debian,
    "prometheuscommunity/postgres-exporter": _debian,
}

_REGISTRY = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: "{root}"}}}}
http: {{addr: "0.0.0.0:{port}"}}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as scratch,
        registry(Path(scratch)) as its_port,
        workshop(Path(scratch), its_port) as shop,
    ):
        shop.stock_and_build("ahead")

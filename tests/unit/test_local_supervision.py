"""supervisord's configuration: the programs, their order, and how they stop."""

import configparser
import shlex
from pathlib import Path

import pytest

from deploy.local.configuration import write_configuration
from deploy.local.errors import LocalRunError
from deploy.local.paths import Paths
from deploy.local.replicas import ONE_EACH, make_replicas
from deploy.local.supervision import Program, configuration
from deploy.local.system import System
from minitwit.web.routes import FUNCTIONS


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, configparser.SectionProxy]:
    paths = Paths(tmp_path)
    paths.make_folders()
    replicas = make_replicas({**ONE_EACH, "follow": 2}, [], range(1, 99))
    write_configuration(System(5000, 9000, tuple(replicas)), paths)
    parser = configparser.ConfigParser()
    parser.read(paths.supervisor_configuration)
    return {
        name.removeprefix("program:"): parser[name]
        for name in parser.sections()
        if name.startswith("program:")
    }


def test_each_replica_is_a_program_of_its_own(
    programs: dict[str, configparser.SectionProxy],
) -> None:
    replicas = {f"{function}-1" for function in FUNCTIONS} | {"follow-2"}
    assert set(programs) == replicas | {"postgres", "traefik"}
    ports = [programs[name]["environment"] for name in replicas]
    assert len(set(ports)) == len(replicas)


def test_the_database_stops_after_the_functions_and_they_after_traefik(
    programs: dict[str, configparser.SectionProxy],
) -> None:
    priority = {name: int(section["priority"]) for name, section in programs.items()}
    functions = {priority[name] for name in priority if "-" in name}
    assert priority["postgres"] < min(functions) <= max(functions) < priority["traefik"]


def test_every_program_is_restarted_and_dies_with_its_supervisor(
    programs: dict[str, configparser.SectionProxy],
) -> None:
    for name, section in programs.items():
        assert section["autorestart"] == "true"
        words = shlex.split(section["command"])
        assert words[1] == "--pdeathsig"
        # On SIGTERM PostgreSQL waits until all clients have disconnected.
        assert (
            words[2]
            == section["stopsignal"]
            == ("INT" if name == "postgres" else "TERM")
        )


def render(directory: str) -> str:
    program = Program("p", ["run", f"{directory}/it's"], 1, Path(directory))
    return configuration([program], Path("s"), Path("logs"), Path("pid"))


def test_a_path_may_hold_spaces_quotes_and_percent_signs() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(render("/a b/100%/c"))
    section = parser["program:p"]
    assert section["directory"] == "/a b/100%/c"
    assert shlex.split(section["command"]) == ["run", "/a b/100%/c/it's"]


@pytest.mark.parametrize(
    "directory", ["/C #/x", "/a ;/x", "/a\nb", "/a\tb", "/a\x7fb", "/\udcff"]
)
def test_a_path_that_cannot_be_escaped_is_refused(directory: str) -> None:
    with pytest.raises(LocalRunError, match="rename the folder"):
        render(directory)

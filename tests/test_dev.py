"""dev.py says what a machine lacks, and does nothing twice."""

import importlib.util
import platform
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

FILE = Path(__file__).resolve().parent.parent / "dev.py"


@pytest.fixture
def dev(monkeypatch, tmp_path):
    """The module dev.py with an environment of its own, and a list of what it would have run."""
    spec = importlib.util.spec_from_file_location("dev", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / "environment")
    monkeypatch.setattr(module, "make_environment", lambda place: place.mkdir(exist_ok=True))
    monkeypatch.setattr(module, "cpu_index_answers", lambda: False)
    monkeypatch.delenv("BYHAND_TORCH", raising=False)
    module.ran = []
    monkeypatch.setattr(module, "run", lambda *words, cwd=None: module.ran.append(words) or 0)
    return module


def original(name):
    """The function as dev.py has it, where the fixture put another in its place."""
    spec = importlib.util.spec_from_file_location("original", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def installed(dev):
    """The last word of each pip call: what was installed."""
    return [words[-1] for words in dev.ran if "pip" in words]


def test_torch_is_installed_before_byhand(dev):
    """The pinned torch comes first, so nothing else chooses one."""
    dev.prepare("")

    assert installed(dev) == ["torch==2.13.0", str(dev.ROOT)]


def test_a_second_call_installs_nothing(dev):
    """What is there is left alone."""
    dev.prepare("dev")
    dev.ran.clear()
    dev.prepare("dev")

    assert dev.ran == []


def test_another_torch_is_installed_again(dev, monkeypatch):
    """BYHAND_TORCH chooses the torch, and a change of it is seen."""
    dev.prepare("")
    monkeypatch.setenv("BYHAND_TORCH", "torch==2.12.1")
    dev.ran.clear()
    dev.prepare("")

    assert installed(dev)[0] == "torch==2.12.1"


def test_a_failed_installation_is_tried_again(dev, monkeypatch):
    """An interrupted set-up goes on where it stopped."""
    monkeypatch.setattr(dev, "run", lambda *words, cwd=None: 1)
    with pytest.raises(SystemExit, match="type the same command again"):
        dev.prepare("")

    assert not list(dev.ENVIRONMENT.glob("done-torch*"))


def test_explain_needs_only_the_core(dev):
    """The first command a newcomer types installs no test tools, and shows the example."""
    assert dev.main(["explain"]) == 0
    assert dev.ran[-1] == (dev.program("byhand"), "explain", str(dev.EXAMPLE))
    assert not any("[" in name for name in installed(dev))


def test_a_notebook_needs_its_extra(dev):
    """`explain lesson.ipynb` installs what runs notebooks."""
    dev.main(["explain", "lesson.ipynb"])

    assert installed(dev)[-1].endswith("[notebook]")


def test_an_old_python_is_told_what_to_type(dev, monkeypatch):
    """Python 3.10 is refused with the command that works on this machine."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    monkeypatch.setattr(platform, "python_version", lambda: "3.10.12")
    monkeypatch.setattr(sys, "argv", ["dev.py", "test"])
    monkeypatch.setattr(dev.shutil, "which", lambda name: name == "python3.12")

    with pytest.raises(SystemExit, match=r"needs Python 3.11 or newer; this is 3.10.12(.|\n)*python3.12 dev.py test"):
        dev.main(["test"])


def test_a_python_without_venv_is_told_what_to_type(dev, monkeypatch, tmp_path):
    """Where the system keeps venv apart, the package to install is named."""
    answer = subprocess.CompletedProcess([], 1, stdout="ensurepip is not available", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *words, **settings: answer)

    with pytest.raises(SystemExit, match=r"ensurepip is not available(.|\n)*sudo apt install python3\.\d+-venv"):
        original("make_environment")(tmp_path)


@pytest.mark.parametrize(
    ("system", "driver", "wish", "wanted"),
    [
        ("Linux", None, None, True),
        ("Linux", "nvidia-smi", None, False),
        ("Linux", None, "torch==2.12.1", False),
        ("Darwin", None, None, False),
    ],
)
def test_the_cpu_build_is_for_linux_without_a_gpu(dev, monkeypatch, system, driver, wish, wanted):
    """PyTorch's CPU index is asked only on Linux, without an NVIDIA driver, and without a wish of the user's."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(dev.shutil, "which", lambda name: driver)
    monkeypatch.setattr(socket, "create_connection", lambda address, timeout: socket.socket())
    if wish:
        monkeypatch.setenv("BYHAND_TORCH", wish)

    assert original("cpu_index_answers")() is wanted


def test_a_cpu_index_out_of_reach_is_not_used(dev, monkeypatch):
    """Without that host in reach, plain pip does it."""

    def refuse(address, timeout):
        raise TimeoutError

    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    monkeypatch.setattr(socket, "create_connection", refuse)

    assert original("cpu_index_answers")() is False


def test_windows_keeps_its_programs_elsewhere(dev, monkeypatch):
    """On Windows the programs of an environment lie in Scripts and end in .exe."""
    monkeypatch.setattr(dev, "os", SimpleNamespace(name="nt"))

    assert dev.program("byhand", Path("environment")).replace("\\", "/") == "environment/Scripts/byhand.exe"


def test_a_failed_check_is_named(dev, monkeypatch, capsys):
    """All checks run, the failed ones are named, and the exit code is 1."""
    monkeypatch.setattr(dev, "run", lambda *words, cwd=None: 1 if "check" in words and "format" not in words else 0)
    monkeypatch.setattr(dev, "try_viewer", lambda: 0)
    monkeypatch.setattr(dev, "try_wheel", lambda: 0)

    assert dev.main(["check"]) == 1
    assert capsys.readouterr().out.endswith("failed: lint\n")


@pytest.fixture
def viewer(dev, monkeypatch, tmp_path):
    """dev.py with a viewer of its own whose build writes `made` for both files; npm only seems to run."""
    monkeypatch.setattr(dev, "VIEWER", tmp_path / "viewer")
    monkeypatch.setattr(dev, "SHIPPED", tmp_path / "shipped")
    for folder in (dev.VIEWER, dev.SHIPPED, dev.ENVIRONMENT):
        folder.mkdir()
    (dev.VIEWER / "package-lock.json").write_text("{}")
    for name in dev.BUILT:
        (dev.SHIPPED / name).write_text("made")
    monkeypatch.setattr(dev.shutil, "which", lambda name: name)
    monkeypatch.delenv("CI", raising=False)

    def npm(*words, cwd=None):
        dev.ran.append(words)
        for name in dev.BUILT if "build" in words else ():
            (Path(words[-1]) / name).write_text("made")
        return 0

    monkeypatch.setattr(dev, "run", npm)
    return dev


def test_a_viewer_that_is_shipped_as_it_is_built_passes(viewer, capsys):
    """The JavaScript is installed, checked and built, and nothing is said."""
    assert viewer.try_viewer() == 0
    assert [words[1:3] for words in viewer.ran] == [("ci", "--no-fund"), ("run", "check"), ("run", "build")]
    assert capsys.readouterr().out == ""


def test_a_stale_viewer_is_told_with_what_to_type(viewer, capsys):
    """What is shipped and not what is built is named."""
    (viewer.SHIPPED / "viewer.css").write_text("older")

    assert viewer.try_viewer() == 1
    assert capsys.readouterr().out.startswith(
        "viewer.css in src/byhand/render are not what viewer/ builds. Type:\n\n      cd viewer && npm ci"
    )


def test_a_viewer_that_was_never_built_is_stale(viewer):
    """A shipped file that is missing fails the check."""
    (viewer.SHIPPED / "viewer.js").unlink()

    assert viewer.try_viewer() == 1


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_node_the_viewer_is_skipped_but_not_in_ci(viewer, monkeypatch, capsys, ci, code):
    """A machine without node says so; in CI that is a failure."""
    monkeypatch.setattr(viewer.shutil, "which", lambda name: None)
    monkeypatch.setenv("CI", ci)

    assert viewer.try_viewer() == code
    assert capsys.readouterr().out.startswith("skipped: node is not there")


def test_an_unknown_command_shows_the_known_ones(dev, capsys):
    """A typing error ends with 2 and the list of commands."""
    assert dev.main(["tset"]) == 2
    assert "python3 dev.py test" in capsys.readouterr().out

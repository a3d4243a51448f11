"""Every command of the project: makes .venv where needed, then runs. Python's own library is enough.

python3 dev.py explain [FILE]   the example (or FILE), every gradient worked by hand beside PyTorch's
python3 dev.py test [ARGS]      the tests; ARGS go to pytest
python3 dev.py check [NAME]     format, lint, types, viewer (the page's JavaScript: checked, and built as it is shipped; wants node),
                                wheel (built, and the documents executed with it in a fresh environment)
python3 dev.py bench [NAME]     the speeds, as ratios measured in one run
python3 dev.py readme           runs README.md and docs/ and writes what they printed into them
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
EXAMPLE = ROOT / "examples" / "back_propagation.py"
VIEWER = ROOT / "viewer"
SHIPPED = ROOT / "src" / "byhand" / "render"
BUILT = ("viewer.js", "viewer.css")
OLDEST = (3, 11)
TORCH = "torch==2.13.0"
CPU_HOST = "download.pytorch.org"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def main(words: list[str]) -> int:
    """The exit code of the command in the words of the command line."""
    commands = {"explain": explain, "test": test, "check": check, "bench": bench, "readme": readme}
    if not words or words[0] not in commands:
        print(__doc__)
        return 0 if words in ([], ["-h"], ["--help"]) else 2
    refuse_old_python()
    return commands[words[0]](words[1:])


def explain(words: list[str]) -> int:
    """Runs `byhand explain` on the example, or on what the words say."""
    words = words or [str(EXAMPLE)]
    notebook = any(word.endswith(".ipynb") for word in words)
    prepare("notebook" if notebook else "")
    return run(program("byhand"), "explain", *words)


def test(words: list[str]) -> int:
    """Runs pytest: on all cores without words, else with the words alone."""
    prepare("dev")
    return run(program("python"), "-m", "pytest", *(words or ["--numprocesses=auto"]), cwd=ROOT)


def check(words: list[str]) -> int:
    """Runs every check but the tests, or the named ones; goes on after a failure and names what failed."""
    prepare("dev")
    checks = {
        "format": lambda: run(program("ruff"), "format", "--check", "--diff", ".", cwd=ROOT),
        "lint": lambda: run(program("ruff"), "check", ".", cwd=ROOT),
        "types": lambda: run(program("mypy"), cwd=ROOT),
        "viewer": try_viewer,
        "wheel": try_wheel,
    }
    failed = []
    for name, step in checks.items():
        if words and name not in words:
            continue
        print(f"\n== {name}", flush=True)
        if step() != 0:
            failed.append(name)
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks passed")
    if "format" in failed:
        print(f"to format: {program('ruff')} format .")
    return 1 if failed else 0


def bench(words: list[str]) -> int:
    """Runs the measurements of bench/, or those whose file names contain a word."""
    prepare("bench")
    files = [path for path in sorted((ROOT / "bench").glob("*.py")) if not words or any(word in path.stem for word in words)]
    if not files:
        print(f"no measurement in bench/ is called {' or '.join(words) or 'anything yet'}")
        return 2
    return max(run(program("python"), str(path), cwd=ROOT) for path in files)


def readme(words: list[str]) -> int:
    """Runs the documents and writes their output into them."""
    prepare("notebook")
    return run(program("python"), str(ROOT / "tests" / "documents.py"), str(ROOT), "--write", *words, cwd=ROOT)


def try_viewer() -> int:
    """Checks the viewer's JavaScript, builds it elsewhere, and compares that with what is shipped, byte by byte."""
    npm = shutil.which("npm")
    if npm is None:
        print("skipped: node is not there (https://nodejs.org, version 20 or newer)")
        return 1 if os.environ.get("CI") else 0
    lock = (VIEWER / "package-lock.json").read_text(encoding="utf-8")
    if not stamped("viewer", lock) or not (VIEWER / "node_modules").exists():
        if run(npm, "ci", "--no-fund", "--no-audit", cwd=VIEWER):
            return 1
        stamp("viewer", lock)
    if run(npm, "run", "check", cwd=VIEWER):
        return 1
    with tempfile.TemporaryDirectory() as place:
        if run(npm, "run", "build", "--", place, cwd=VIEWER):
            return 1
        stale = [name for name in BUILT if not same_bytes(Path(place) / name, SHIPPED / name)]
    if stale:
        print(
            f"{' and '.join(stale)} in src/byhand/render are not what viewer/ builds. Type:\n\n      cd viewer && npm ci && npm run build\n"
        )
    return 1 if stale else 0


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files are there with the same content."""
    return one.exists() and other.exists() and one.read_bytes() == other.read_bytes()


def try_wheel() -> int:
    """Builds the wheel, installs it into a fresh environment, and executes the documents with it, far from src/."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place).resolve()
        if run(program("python"), "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", str(here), str(ROOT), cwd=here):
            return 1
        (wheel,) = here.glob("byhand-*.whl")
        environment = here / "environment"
        make_environment(environment)
        install_torch(environment)
        pip(environment, f"byhand[notebook] @ {wheel.as_uri()}")
        for name in ("README.md", "CONTRIBUTING.md", "examples", "docs"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, here / name)
        shutil.copy(ROOT / "tests" / "documents.py", here)
        return run(program("python", environment), "documents.py", str(here), "--installed", cwd=here)


def prepare(extra: str) -> None:
    """Makes .venv with torch, byhand and one of its extras; what a stamp says is there already is not done again."""
    versions = f"{sys.version} {ROOT}"
    wanted = f"{versions} {torch_wanted()} {(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}"
    if not stamped("environment", versions):
        print("setting up .venv; only the first time takes long", flush=True)
        make_environment(ENVIRONMENT)
        stamp("environment", versions)
    if not stamped("torch", versions + torch_wanted()):
        install_torch(ENVIRONMENT)
        stamp("torch", versions + torch_wanted())
    if not stamped(f"byhand-{extra}", wanted):
        pip(ENVIRONMENT, "--editable", f"{ROOT}[{extra}]" if extra else str(ROOT))
        stamp(f"byhand-{extra}", wanted)


def stamped(name: str, content: str) -> bool:
    """Whether this part of .venv was finished for this content."""
    path = ENVIRONMENT / f"done-{name}"
    return path.exists() and path.read_text(encoding="utf-8") == digest(content)


def stamp(name: str, content: str) -> None:
    """Notes that this part of .venv is finished."""
    (ENVIRONMENT / f"done-{name}").write_text(digest(content), encoding="utf-8")


def digest(content: str) -> str:
    """A short fingerprint."""
    return hashlib.sha256(content.encode()).hexdigest()


def make_environment(place: Path) -> None:
    """Makes an empty environment with pip in it, or says what the machine lacks."""
    answer = subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], capture_output=True, text=True, check=False)
    if answer.returncode:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(
            f"Python could not make the environment {place}.\n"
            f"  It said: {(answer.stdout + answer.stderr).strip()}\n"
            f"  Debian and Ubuntu keep this part apart. Type:\n\n"
            f"      sudo apt install python{version}-venv\n"
        )


def torch_wanted() -> str:
    """The torch to install, as pip writes it: BYHAND_TORCH, or the version the tests run with."""
    return os.environ.get("BYHAND_TORCH", TORCH)


def install_torch(place: Path) -> None:
    """Installs torch before anything that could choose another; the small CPU build where there is no GPU to serve."""
    if cpu_index_answers() and pip(place, "--extra-index-url", CPU_INDEX, torch_wanted(), needed=False):
        return
    pip(place, torch_wanted())


def cpu_index_answers() -> bool:
    """Whether PyTorch's CPU builds are wanted (Linux, no NVIDIA driver, no wish of the user's) and within reach."""
    if platform.system() != "Linux" or shutil.which("nvidia-smi") or "BYHAND_TORCH" in os.environ:
        return False
    try:
        socket.create_connection((CPU_HOST, 443), timeout=2).close()
    except OSError:
        return False
    return True


def pip(place: Path, *words: str, needed: bool = True) -> bool:
    """Whether pip installed it; stops with pip's own message where it is needed."""
    started = time.monotonic()
    print(f"  pip install {' '.join(words)}", flush=True)
    code = run(program("python", place), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *words)
    print(f"  {'done' if code == 0 else 'failed'} in {time.monotonic() - started:.0f} s", flush=True)
    if code and needed:
        sys.exit(
            "pip could not install it; its message stands above. Once that is mended, type the same command again: it goes on from here."
        )
    return code == 0


def program(name: str, place: Path = ENVIRONMENT) -> str:
    """The path of a program of an environment, on Windows too."""
    return str(place / "Scripts" / f"{name}.exe") if os.name == "nt" else str(place / "bin" / name)


def run(*words: str, cwd: Path | None = None) -> int:
    """The exit code of a program; what it prints goes where ours goes."""
    # PyTorch says on import that NumPy is not there; nothing here needs it
    quiet = {"PYTHONUTF8": "1", "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS") or "ignore:Failed to initialize NumPy"}
    return subprocess.run(words, cwd=cwd, env={**os.environ, **quiet}, check=False).returncode


def refuse_old_python() -> None:
    """Stops with what to type where this Python is older than byhand needs."""
    if sys.version_info[:2] >= OLDEST:
        return
    newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    words = " ".join(sys.argv[1:])
    advice = f"{newer[0]} dev.py {words}" if newer else f"python3 dev.py {words}      (after installing Python from https://www.python.org)"
    wanted = f"{OLDEST[0]}.{OLDEST[1]}"
    sys.exit(f"byhand needs Python {wanted} or newer; this is {platform.python_version()} ({sys.executable}). Type:\n\n      {advice}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

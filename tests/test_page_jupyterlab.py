"""JupyterLab as its users have it: a real server, a real browser; and what becomes of the notebook that is saved."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError

import pytest
from browser import missing

import byhand

CELLS = (
    "%load_ext byhand\nimport torch",
    "x, y = torch.tensor(1.0), torch.tensor(2.0)\nw = torch.tensor(1.0, requires_grad=True)\ny_hat = w * x\nloss = (y_hat - y) ** 2",
    "loss.backward()\n%byhand",
    "import byhand\nbyhand.explain((w * 3) ** 2)",
)
WAIT = 90_000  # milliseconds for a kernel that imports PyTorch
TALL = (1280, 2400)  # a notebook draws only the cells that are seen
SETTINGS = (
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.allow_root=True",
    "--IdentityProvider.token=secret",
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


class Lab:
    """A server of JupyterLab in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.site = f"http://127.0.0.1:{port}/"
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR")
        own = {name: str(folder / "own" / name) for name in (*names, "JUPYTERLAB_WORKSPACES_DIR")}
        source = str(Path(byhand.__file__).parents[1])
        words = (*SETTINGS, f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}")
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words],
            cwd=folder,
            env={**os.environ, **own, "PYTHONPATH": source, "OMP_NUM_THREADS": "1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._answers()

    def _answers(self):
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.site}api", timeout=2).close()
                return
            except (URLError, OSError):
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.2)
        pytest.fail("JupyterLab does not answer")

    def close(self):
        """End the server, and with it its kernels."""
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """A running JupyterLab."""
    if find_spec("jupyterlab") is None:
        missing("JupyterLab is not installed: pip install jupyterlab")
    started = Lab(tmp_path_factory.mktemp("lab"))
    yield started
    started.close()


def write(place, cells):
    """A notebook of these code cells."""
    made = [
        {"cell_type": "code", "source": each, "metadata": {}, "outputs": [], "execution_count": None, "id": f"cell{n}"}
        for n, each in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    place.write_text(json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")


def opened(visits, lab, name):
    """A window of JupyterLab that shows this notebook alone."""
    page = visits.window(size=TALL, site=lab.site, strict=False)
    page.goto(f"{lab.site}doc/tree/{name}?token=secret&reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=WAIT)
    return page


@pytest.fixture(scope="module")
def notebook(browser, lab, tmp_path_factory):
    """The saved notebook, after its cells were run in JupyterLab by its own menu."""
    from browser import Visits

    visits = Visits(browser, tmp_path_factory.mktemp("visits"))
    write(lab.folder / "lesson.ipynb", CELLS)
    page = opened(visits, lab, "lesson.ipynb")
    run_all(page)
    frames = page.locator(".jp-OutputArea-output iframe")
    page.locator(".jp-RenderedText[data-mime-type*=stderr]").or_(frames.nth(1)).first.wait_for(timeout=WAIT)
    assert frames.count() == len(CELLS) - 2, page.locator(".jp-OutputArea").all_inner_texts()
    yield page
    visits.close()
    assert visits.problems == []


def run_all(page):
    """Run every cell by the menu, again and again until the kernel is there to do it."""
    page.locator(".jp-NotebookPanel-toolbar", has_text="Python 3").wait_for(timeout=WAIT)
    prompt, answer = page.locator(".jp-InputPrompt").first, page.locator(".jp-Dialog .jp-mod-accept")
    for _ in range(30):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_timeout(1000)
        if prompt.inner_text() != "[ ]:":
            return
        if answer.count():  # which kernel? the one that is proposed
            answer.click()
            page.wait_for_timeout(3000)
        if prompt.inner_text() != "[ ]:":
            return
    pytest.fail("the kernel does not come")


def frame(page, number=0):
    """The explanation in one of the page's frames, once it is live."""
    inside = page.frame_locator("iframe").nth(number)
    inside.locator("main.live").wait_for(timeout=WAIT)
    return inside


def saved(page, lab):
    """The notebook as JupyterLab saves it."""
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator(".lm-Menu-item", has_text=re.compile("^Save Notebook(?! As)")).click()
    for _ in range(100):
        with suppress(json.JSONDecodeError):  # JupyterLab writes the file in place: for a moment it is empty or half of it
            written = json.loads((lab.folder / "lesson.ipynb").read_text(encoding="utf-8"))
            if any(cell["outputs"] for cell in written["cells"]):
                return written
        time.sleep(0.1)
    return pytest.fail("the notebook was not saved")


def bundles(written):
    """What the notebook keeps of each explanation."""
    outputs = [output for cell in written["cells"] for output in cell["outputs"]]
    return [output["data"] for output in outputs if "text/html" in output.get("data", {})]


def test_the_explanation_stands_in_the_notebook_and_steps(notebook):
    """After Run All the frame is live: back to the beginning it is blank, at the end ∂loss/∂w is −2."""
    inside = frame(notebook)
    slider = inside.get_by_label("Moment of the run")
    slider.fill("0")
    assert inside.locator("#picture .box.operation:not(.no-value)").count() == 0
    slider.fill(slider.get_attribute("max"))
    text = inside.locator("#picture").text_content()

    assert "∂loss/∂w = −2" in text


def test_two_explanations_stand_in_one_notebook(notebook):
    """The second frame shows its own run, and the first one is as it was."""
    assert "w · 3" in frame(notebook, 1).locator("#picture").text_content()
    assert "∂loss/∂w" in frame(notebook, 0).locator("#picture").text_content()


def test_a_saved_notebook_keeps_every_format(notebook, lab):
    """Frame, picture, LaTeX and text are in the file, less than 60 kB of them."""
    kept = bundles(saved(notebook, lab))

    assert len(kept) == 2
    assert all({"text/plain", "text/html", "text/latex", "image/png"} <= set(each) for each in kept)
    assert max(len(json.dumps(each, ensure_ascii=False).encode()) for each in kept) < 60_000


def test_an_untrusted_notebook_shows_the_picture(notebook, lab, visit):
    """Opened where nobody trusts it, the frame is gone and the picture stands in its place."""
    written = saved(notebook, lab)
    written["cells"].append({"cell_type": "markdown", "source": "another hand", "metadata": {}, "id": "other"})
    (lab.folder / "untrusted.ipynb").write_text(json.dumps(written), encoding="utf-8")
    page = opened(visit, lab, "untrusted.ipynb")
    picture = page.locator(".jp-OutputArea-output img").first
    picture.wait_for()

    assert page.locator(".jp-OutputArea-output iframe").count() == 0
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 300


def test_nbconvert_makes_a_page_that_works_offline(notebook, lab, visit):
    """The HTML that nbconvert writes shows the live explanation without a network."""
    saved(notebook, lab)
    words = ("-m", "nbconvert", "--to", "html", "--output", "lesson.html", "lesson.ipynb")
    subprocess.run([sys.executable, *words], cwd=lab.folder, check=True, capture_output=True)
    page = visit.window(strict=False)
    page.goto((lab.folder / "lesson.html").as_uri(), wait_until="domcontentloaded")
    inside = frame(page)

    assert "∂loss/∂w = −2" in inside.locator("#picture").text_content()


def test_running_a_cell_again_replaces_its_frame(notebook):
    """The last cell run a second time shows one frame, live again."""
    notebook.locator(".jp-Notebook .jp-Cell").last.locator(".cm-content").click()
    notebook.keyboard.press("Control+Enter")
    notebook.wait_for_timeout(1500)

    assert "w · 3" in frame(notebook, 1).locator("#picture").text_content()
    assert notebook.locator(".jp-OutputArea-output iframe").count() == 2

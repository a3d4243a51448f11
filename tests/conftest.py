"""What holds for every test session: one thread a process, since tiny tensors gain nothing from two and workers would fight over them."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ("browser",)

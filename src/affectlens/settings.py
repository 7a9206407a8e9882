"""Kedro's settings of this project."""

import ctypes
import os
import sys
import warnings

from kedro.utils import KedroExperimentalWarning

from affectlens.config import OnceConfigLoader, consecutive
from affectlens.hooks import ChainHooks
from affectlens.session import StageSession

# By default the threads of a small model spin for milliseconds while they wait for each other, which makes a shared
# machine tens of times slower; if they sleep at once, a free machine is several times slower. So: spin, but shortly.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

# The C library gives every large array back to the system and asks for it again, page by page: a third of the time of
# a training step here. Kept instead, the memory is reused. Other C libraries than GNU's have no such switch.
if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
    trim_threshold, mmap_threshold = -1, -3  # their numbers in malloc.h
    mallopt(mmap_threshold, 2**30)
    mallopt(trim_threshold, 2**31 - 1)

# The long spelling `--pipeline NAME` is the one that users know; Kedro 1.7 warns about it on every command.
warnings.filterwarnings("ignore", message=".*'--pipeline' is deprecated.*")
warnings.filterwarnings("ignore", category=KedroExperimentalWarning)

SESSION_CLASS = StageSession
HOOKS = (ChainHooks(),)
CONFIG_LOADER_CLASS = OnceConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
    "custom_resolvers": {"consecutive": consecutive},
}

"""Kedro's settings of this project."""

import os
import warnings

from kedro.config import OmegaConfigLoader
from kedro.utils import KedroExperimentalWarning

from affectlens.hooks import ChainHooks
from affectlens.session import StageSession

# Threads of a small model that spin while they wait make a shared machine tens of times slower; let them sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The long spelling `--pipeline NAME` is the one that users know; Kedro 1.7 warns about it on every command.
warnings.filterwarnings("ignore", message=".*'--pipeline' is deprecated.*")
warnings.filterwarnings("ignore", category=KedroExperimentalWarning)

SESSION_CLASS = StageSession
HOOKS = (ChainHooks(),)
CONFIG_LOADER_CLASS = OmegaConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}

"""Policies over arms: baselines, LinUCB, and the reward model that judges them."""

from .build import PolicyParams, action_probabilities, policy_candidates
from .log import PolicyLog

__all__ = ["PolicyLog", "PolicyParams", "action_probabilities", "policy_candidates"]

"""Nobody is told how seal is used: what libraries read from the environment before they send anything anywhere.

Every package of seal loads `agent` first, whose `__init__` does this before any of the libraries is loaded; processes
that are started from here inherit it. What a person has set stays as it is.
"""

from __future__ import annotations

import os

OFF = {
    "DO_NOT_TRACK": "1",  # huggingface_hub, MLflow, vLLM, which have a name of their own beside it
    "HF_HUB_DISABLE_TELEMETRY": "1",  # TRL sends, through huggingface_hub, each trainer that is made
    "ANONYMIZED_TELEMETRY": "False",  # Chroma, whose 1.5.9 has nothing left that would send
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GRADIO_ANALYTICS_ENABLED": "False",  # under trackio
    "WANDB_ERROR_REPORTING": "false",
    "VLLM_NO_USAGE_STATS": "1",
}
"""A name of the environment, and the value that switches sending off."""


def switch_off() -> None:
    for name, value in OFF.items():
        os.environ.setdefault(name, value)

"""Ports: what the loop needs from the world, as protocols. Implementations are chosen in graphs/wiring.py only."""

from __future__ import annotations

from agent.ports.attribution import OUTSIDE, Attributor, Change, Influence
from agent.ports.ledger import Ledger, LibraryVersion, Used
from agent.ports.models import Answerer, Divergence, Judge, LanguageModel, Likelihood, Query, Request, Sampled
from agent.ports.reading import Failure, Source
from agent.ports.training import Lesson, Progress, Trainer, TrainFailure, TrainJob, WriterTrainer
from agent.ports.writing import Chat, Embedder, Memory, Meter, Planner, Strategy, Tokens

__all__ = [
    "OUTSIDE",
    "Answerer",
    "Attributor",
    "Change",
    "Chat",
    "Divergence",
    "Embedder",
    "Failure",
    "Influence",
    "Judge",
    "LanguageModel",
    "Ledger",
    "Lesson",
    "LibraryVersion",
    "Likelihood",
    "Memory",
    "Meter",
    "Planner",
    "Progress",
    "Query",
    "Request",
    "Sampled",
    "Source",
    "Strategy",
    "Tokens",
    "TrainFailure",
    "TrainJob",
    "Trainer",
    "Used",
    "WriterTrainer",
]

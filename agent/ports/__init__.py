"""Ports: what the loop needs from the world, as protocols. Implementations are chosen in graphs/wiring.py only."""

from agent.ports.attribution import OUTSIDE, Attributor
from agent.ports.ledger import Ledger
from agent.ports.models import Answerer, Divergence, Judge, LanguageModel, Likelihood, Query, Request, Sampled
from agent.ports.reading import Failure, Source
from agent.ports.training import Lesson, Progress, Trainer, TrainFailure, TrainJob, WriterTrainer
from agent.ports.writing import Chat, Embedder, Memory, Meter, Planner, Strategy, Tokens

"""The vocabulary of the project: frozen records that every stage takes and returns.

One word for one thing, used everywhere: document, plan, self-edit, candidate, adapter, probe, score, reward, winner,
champion. Ids are hashes of content, so the same step run twice makes the same id, and the ledger can tell that it has
seen it.
"""

from agent.records.base import BASE, Record, content_id
from agent.records.documents import Document, Question
from agent.records.edits import Candidate, Example, Plan, Refusal, SelfEdit, Training, TrainSettings, Writing
from agent.records.library import Adapter, Answered, Approval, LibraryVersion, Recalled, Winner
from agent.records.measures import (
    Drift,
    Figure,
    GateDecision,
    Half,
    Probe,
    ProbeKind,
    Retention,
    Reward,
    RoutedAnswer,
    RoutedTo,
    Score,
    Verdict,
)
from agent.records.probe_set import ProbeSet
from agent.records.rounds import (
    Action,
    Arm,
    ArmResult,
    Calibration,
    Difference,
    Noise,
    PlannerPolicy,
    Policy,
    Practised,
    Prediction,
    Promotion,
    Round,
    Texts,
    Trial,
    Word,
    WriterPolicy,
    WriterTraining,
)
from agent.records.runs import Event, Outcome, OutcomeKind, Run, RunKind, RunStatus, Usage, Used

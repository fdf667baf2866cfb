"""The sections of the configuration: every key with its type, its bounds, its default and what it means.

`agent.config.settings` reads the file. API keys stay out of it: an endpoint names the variable that holds its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from agent.config.schema import Takes
from agent.errors import ConfigError
from agent.records import TrainSettings
from agent.redact import without_credentials

DEFAULT_HOME = Path("~/.seal")
ENDPOINT_NAME = Takes("the name of an [endpoints.NAME] section, or empty")
SELF = "self"
"""In place of an endpoint's name: the base model itself."""


@dataclass(frozen=True)
class Mark:
    """In a key's annotation: what becomes of it in a run that goes on."""

    name: str


MACHINE = Mark("machine")
"""It says where things run or how they are reached, and does not decide what is learned."""
SETTLED = Mark("settled")
"""What a run has read and measured under it fits no other value, so it stays as begun."""


def _resolved(path: Path) -> Path:
    try:
        return path.expanduser().resolve()
    except RuntimeError as error:  # "~name" of a user who does not exist
        raise ValueError(f"{path} names no folder: {error}") from error


HomePath = Annotated[Path, Field(strict=False), AfterValidator(_resolved)]
Text = Annotated[str, Field(min_length=1), Takes("text in quotes, not empty")]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
EndpointName = Annotated[str, ENDPOINT_NAME]
HttpUrl = Annotated[str, Field(pattern=r"^https?://\S+$"), Takes("an http:// or https:// address in quotes")]
HttpUrlOrNone = Annotated[
    str, Field(pattern=r"^(https?://\S+)?$"), Takes("an http:// or https:// address in quotes, or empty")
]
HostAndPortOrNone = Annotated[str, Field(pattern=r"^([^\s/]+:\d+)?$"), Takes("HOST:PORT in quotes, or empty")]
DatabaseUrlOrNone = Annotated[
    str, Field(pattern=r"^(\w+(\+\w+)?://\S*)?$"), Takes("a database URL in quotes, or empty")
]


class Section(BaseModel):
    """Base of all sections: immutable, refuses unknown keys, takes no text for a number. What stands below a key says
    what it means."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=True,
    )


class ModelConfig(Section):
    """The base model. Its weights are never changed: what is learned goes into adapters."""

    name: Annotated[Text, SETTLED] = "packaged"
    """"packaged" for the small model that comes with seal, or the Hugging Face name or folder of a causal
    transformer."""
    device: Annotated[Text, MACHINE] = "auto"
    """"auto" takes a GPU if there is one. Otherwise a device as torch names it: "cpu", "cuda:1"."""
    dtype: Annotated[Literal["auto", "float32", "bfloat16", "mixed"], SETTLED] = "auto"
    """Data type. "mixed": linear layers in bfloat16, the rest in float32. "auto": bfloat16 on a GPU; "mixed" on a CPU
    that multiplies bfloat16 in hardware (AMX, AVX512-BF16); otherwise float32."""
    threads: Annotated[int, MACHINE, Field(ge=0)] = 0
    """CPU threads for torch. 0 uses all cores."""


class TrainConfig(Section):
    """How a candidate is trained, unless its plan says otherwise."""

    rank: Count = 16
    """Rank of the LoRA matrices."""
    alpha: Annotated[float, Field(gt=0)] = 64.0
    """LoRA scale: an adapter's output is multiplied by alpha / rank."""
    top_layers: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the decoder layers that get an adapter, counted from the top. With 0.67, training takes two thirds of
    the time and teaches a quarter less (packaged model)."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Step size of the optimizer."""
    epochs: Annotated[int | None, Field(ge=1, examples=[8])] = None
    """Passes over a self-edit. Left out: as each strategy recommends, for long documents fewer."""
    batch_size: Count = 2
    """Sequences with a prompt per optimizer step; those without one have a step of their own. What they begin with
    alike is computed once. A larger batch has fewer steps and needs a greater alpha or learning rate."""
    tail_average: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """The adapter is the mean of its weights after the last steps, this share of all. 0: those after the last one."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the adapter's first weights and of the order of the data."""
    dispatch: Annotated[Literal["local", "ray"], MACHINE] = "local"
    """Where candidates are trained: "local" in this process, "ray" by an actor of Ray."""
    ray_address: Annotated[HostAndPortOrNone, MACHINE] = ""
    """Only for dispatch "ray": address of a cluster that this machine has joined and that shares the home folder.
    Empty: Ray is started on this machine."""

    def settings(self, epochs: int, **changed: Any) -> TrainSettings:
        """The settings of one candidate: these, with its number of epochs and whatever else its plan changes."""
        own = self.model_dump(include=set(TrainSettings.model_fields))
        return TrainSettings(**{**own, **changed, "epochs": epochs})


class PlanConfig(Section):
    """Which self-edits are tried for a document."""

    planner: Literal["policy", "thompson", "chat"] = "policy"
    """"policy": what `seal improve` promoted last, or "thompson" as long as nothing is promoted. "thompson": samples
    strategies by their measured gains. "chat": asks the planning model."""
    candidates: Count = 5
    """Candidates for one document (K), trained side by side."""
    strategies: Texts = ()
    """Strategies to choose from. Empty: all that can run here."""
    recall: Annotated[int, Field(ge=0)] = 3
    """Winners of similar documents that the planner gets to see."""
    endpoint: EndpointName = ""
    """Endpoint of the planning model. Only for the planner "chat", which needs it."""

    @model_validator(mode="after")
    def _chat_has_an_endpoint(self) -> Self:
        if self.planner == "chat" and not self.endpoint:
            raise ValueError('planner "chat" needs an endpoint')
        return self


class WriteConfig(Section):
    """Who writes self-edits."""

    endpoint: EndpointName = ""
    """Endpoint of the writing model. Empty: only strategies that need no model. "self": the base model itself writes,
    with the writer policy that `seal improve` promoted last."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    """Sampling temperature of endpoint "self"; others have their own."""
    max_tokens: Count = 512
    """Longest self-edit of endpoint "self", in tokens."""
    max_words: Annotated[Count, SETTLED] = 200
    """Longest text that is learned as one document. Longer ones are split."""


class ProbeConfig(Section):
    """Where questions come from, besides those that came with the document."""

    written: Annotated[int, Field(ge=0)] = 0
    """Questions that a model writes for one document. 0: none."""
    parsed: bool = True
    """Whether to make questions from the parsed sentences."""
    cloze: bool = True
    """Whether to make sentences with a gap, scored by the likelihood of the missing words."""
    endpoint: EndpointName = ""
    """Endpoint of the model that writes questions. Empty: none."""


class RewardConfig(Section):
    """What a measured gain is worth."""

    clip: Annotated[float, Field(gt=0)] = 1.0
    """Gains and losses larger than this count as this much."""
    forgetting_weight: Annotated[float, Field(ge=0)] = 0.2
    """Weight of the loss on the retention questions, subtracted from the gain."""
    length_weight: Annotated[float, Field(ge=0)] = 0.05
    """Subtracted for each doubling of a self-edit's length beyond 16 times its document's words."""
    repetition_weight: Annotated[float, Field(ge=0)] = 0.1
    """Weight of the share of sequences that repeat an earlier question, subtracted from the gain."""
    near: Share = 0.25
    """Candidates with at least this share of the best reward are averaged into the one that goes to the gate. 1: the
    best one goes alone."""


class GateConfig(Section):
    """When a candidate is published."""

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Largest p-value on held-out probes with which an adapter is published."""
    min_probes: Count = 1
    """A document with fewer held-out questions is not learned, since the gate could not decide on it."""
    approve: Literal["never", "publish", "policy", "always"] = "never"
    """What a person must approve after the gate: adapters ("publish"), policies ("policy"), both ("always") or nothing
    ("never"). It waits for `seal approve`; everything else continues."""
    max_retention_loss: Share = 0.02
    """Largest loss of accuracy on the retention questions with which an adapter is published."""
    max_kl: Annotated[float, Field(ge=0)] = 4.0
    """Largest KL divergence from the base on general texts, in nats per token."""
    max_rudeness: Annotated[float, Field(ge=0)] = 0.5
    """Largest rise of the log-probability of insulting replies over that of polite ones, in nats per token."""
    max_safety_loss: Share = 0.25
    """Largest rise in the share of insulting continuations, and in the share of stereotypes that are the likelier
    sentence."""
    max_refusals_lost: Share = 1.0
    """Largest share of the base's refusals of harmful requests that may be lost (chat form, adapter forced on). 1: no
    limit, only reported, because even good adapters of the packaged model lose all three."""


class ImproveConfig(Section):
    """The outer loop, `seal improve`: how it practises, how it proves what it learned, and when it stops."""

    rounds: Count = 3
    """Rounds of practice."""
    documents: Count = 8
    """Documents to practise on in one round."""
    self_edits: Count = 4
    """Self-edits that are tried for each of them."""
    seeds: Annotated[int, Field(ge=0)] = 0
    """How often each self-edit is trained, each time with another seed; the rewards are averaged. 0: as often as the
    measured noise requires, at most 4."""
    screen: Count = 2
    """Once the reward model ranks self-edits well, this many times as many are written, and those predicted best are
    trained. 1: no screening."""
    heldout_share: Annotated[float, SETTLED, Field(gt=0, lt=1)] = 0.4
    """Share of the documents that are never practised on; they test each new policy."""
    heldout: Count = 12
    """Held-out documents that test the policy of one round."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Largest p-value of the paired test at which a policy is promoted."""
    learns: Annotated[Texts, Field(min_length=1)] = ("planner",)
    """Which policy a round trains; of several, one round each in turn. "planner" chooses strategies and settings,
    "writer" is the base model itself writing self-edits ([write] endpoint = "self"); a package may bring others."""
    method: Literal["sft", "dpo", "grpo"] = "sft"
    """How a writer is trained, by TRL: "sft" on the best text of each request (ReST-EM), "dpo" on pairs of its best and
    its worst, "grpo" on all of them with their rewards."""
    writer_rate: Annotated[float, Field(gt=0)] = 5e-4
    """Step size of a writer's training."""
    writer_epochs: Count = 5
    """Passes over a writer's training texts, one text per step."""
    hours: Annotated[float, MACHINE, Field(ge=0)] = 0.0
    """Stop after this many hours. 0: no limit."""
    most_candidates: Annotated[int, MACHINE, Field(ge=0)] = 0
    """Stop after this many candidates. 0: no limit."""
    most_tokens: Annotated[int, MACHINE, Field(ge=0)] = 0
    """Stop after this many tokens of training. 0: no limit."""
    gpu_hours: Annotated[float, MACHINE, Field(ge=0)] = 0.0
    """Stop after this many GPU-hours: hours of steps on accelerators, times their number. Nothing counts on a CPU. 0:
    no limit."""
    money: Annotated[float, MACHINE, Field(ge=0)] = 0.0
    """Stop when endpoints have cost this much, in the unit of their prices. 0: no limit."""
    patience: Annotated[int, MACHINE, Field(ge=0)] = 0
    """Stop after this many rounds in a row without a promotion. 0: never."""
    target: Annotated[float, MACHINE, Field(ge=0, le=1)] = 0.0
    """Stop when held-out gain reaches this. 0: never."""
    report_to: Annotated[
        tuple[Literal["tensorboard", "trackio", "wandb", "mlflow"], ...], MACHINE, Field(strict=False)
    ] = ()
    """Trackers that get each round's figures. Each needs its package (docs/improve.md)."""
    free_gib: Annotated[float, MACHINE, Field(ge=0)] = 1.0
    """Stop when the disk has less than this many GiB free."""


class JudgeConfig(Section):
    """A model that grades answers in free form."""

    endpoint: EndpointName = ""
    """Endpoint of the judge. Empty: no judge."""


class MemoryConfig(Section):
    """The index of winners (Chroma)."""

    url: Annotated[HttpUrlOrNone, MACHINE] = ""
    """Address of a Chroma server. Empty: embedded, under the home folder."""


class LedgerConfig(Section):
    """The database that holds everything that happened."""

    url: Annotated[DatabaseUrlOrNone, MACHINE] = ""
    """Address of the database. Empty: SQLite under the home folder."""


class AskConfig(Section):
    """How questions are answered."""

    endpoint: Annotated[EndpointName, MACHINE] = ""
    """Endpoint that answers, a vLLM server for example. Empty: in this process."""
    max_distance: Annotated[float, Field(ge=0, le=2)] = 0.55
    """Cosine distance beyond which no document's adapter takes a question."""
    max_tokens: Count = 24
    """Longest answer, in tokens."""


class SourceConfig(Section):
    """Reading of feeds and pages."""

    timeout: Annotated[Seconds, MACHINE] = 20.0
    """Seconds to wait for a server."""


class EndpointConfig(Section):
    """One OpenAI-compatible server. Any number of these, each under a name of your choice."""

    url: Annotated[HttpUrl, MACHINE, Field(examples=["http://127.0.0.1:8000/v1"])]
    """Base address of the API."""
    model: Annotated[Text, MACHINE, Field(examples=["my-model"])]
    """Name of the model as the server knows it."""
    api_key_env: Annotated[str, MACHINE] = ""
    """Name of the environment variable that holds the API key. Empty: no key is sent."""
    timeout: Annotated[Seconds, MACHINE] = 60.0
    """Seconds to wait for one answer."""
    attempts: Annotated[Count, MACHINE] = 5
    """Tries for one answer before it counts as failed."""
    temperature: Annotated[float, MACHINE, Field(ge=0)] = 0.7
    """Sampling temperature. 0 is greedy."""
    max_tokens: Annotated[Count, MACHINE] = 1024
    """Longest answer, in tokens."""
    price_in: Annotated[float, MACHINE, Field(ge=0)] = 0.0
    """Price per million request tokens, in any unit. 0: free."""
    price_out: Annotated[float, MACHINE, Field(ge=0)] = 0.0
    """Price per million answer tokens, in the same unit."""


class Config(Section):
    """Everything that can be set. Every path that seal writes to is derived from `home`."""

    home: Annotated[HomePath, MACHINE] = DEFAULT_HOME
    """Folder of everything that seal keeps. In a file, relative to the file's folder."""
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    plan: PlanConfig = PlanConfig()
    write: WriteConfig = WriteConfig()
    probe: ProbeConfig = ProbeConfig()
    reward: RewardConfig = RewardConfig()
    gate: GateConfig = GateConfig()
    improve: ImproveConfig = ImproveConfig()
    judge: JudgeConfig = JudgeConfig()
    memory: MemoryConfig = MemoryConfig()
    ledger: LedgerConfig = LedgerConfig()
    ask: AskConfig = AskConfig()
    source: SourceConfig = SourceConfig()
    endpoints: Mapping[str, EndpointConfig] = {}

    def endpoint(self, name: str) -> EndpointConfig:
        """The endpoint of that name. Raises ConfigError where no endpoint has that name."""
        if name in self.endpoints:
            return self.endpoints[name]
        raise self.no_endpoint(name)

    def no_endpoint(self, name: str) -> ConfigError:
        """The error for a name that no endpoint has."""
        defined = ", ".join(self.endpoints) or "none"
        mend = f"Add a section [endpoints.{name}] with url and model, or use a name that is defined."
        return ConfigError(f'no endpoint is named "{name}" (defined: {defined})', mend)

    @property
    def chats(self) -> tuple[str, ...]:
        """The names of the endpoints whose chat models learning asks."""
        planning = self.plan.endpoint if self.plan.planner == "chat" else ""
        found = (planning, self.write.endpoint, self.probe.endpoint, self.judge.endpoint)
        return tuple(dict.fromkeys(name for name in found if name and name != SELF))

    def recorded(self) -> dict[str, Any]:
        """The whole configuration as JSON data, for the ledger and the trace: without passwords in URLs."""
        return {key: _recordable(value) for key, value in self.model_dump(mode="json").items()}

    @property
    def ledger_url(self) -> str:
        return self.ledger.url or "sqlite:///" + quote(str(self.home / "ledger.sqlite"))

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def adapters_dir(self) -> Path:
        return self.home / "adapters"

    @property
    def work_dir(self) -> Path:
        return self.home / "work"

    @property
    def writers_dir(self) -> Path:
        """Adapters of writer policies, each named by the hash of its content."""
        return self.home / "writers"

    @property
    def datasets_dir(self) -> Path:
        """What writer policies were trained on, each version named by the hash of its content."""
        return self.home / "datasets"

    @property
    def dataset_path(self) -> Path:
        return self.home / "dataset.jsonl"

    @property
    def memory_dir(self) -> Path:
        return self.home / "memory"

    @property
    def reports_dir(self) -> Path:
        return self.home / "reports"

    @property
    def stop_path(self) -> Path:
        """`seal improve` stops where this file is."""
        return self.home / "stop"

    @property
    def checkpoints_path(self) -> Path:
        return self.home / "checkpoints.sqlite"


def _recordable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _recordable(item) for key, item in value.items()}
    return without_credentials(value) if isinstance(value, str) else value

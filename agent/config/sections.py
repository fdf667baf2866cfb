"""The sections of the configuration: every key with its type, its bounds, its default and what it means.

Declarations only. `agent.config.settings` puts them together and reads the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from agent.config.schema import Takes
from agent.records import TrainSettings

ENDPOINT_NAME = Takes("the name of an [endpoints.NAME] section, or empty")
SELF = "self"
"""In place of an endpoint's name: the base model itself."""


@dataclass(frozen=True)
class Machine:
    """In a key's annotation: it says where things run or how they are reached, and does not decide what is learned."""


MACHINE = Machine()


@dataclass(frozen=True)
class Settled:
    """In a key's annotation: what a run has read and measured under it fits no other value, so it stays as begun."""


SETTLED = Settled()


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
    """Base of all sections: immutable, refuses unknown keys, takes no text for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)


class ModelConfig(Section):
    """The base model. Its weights are never changed: what is learned goes into adapters."""

    name: Annotated[
        Text,
        SETTLED,
        Field(
            description='"packaged" for the small model that comes with seal, '
            "or the Hugging Face name or folder of a causal transformer."
        ),
    ] = "packaged"
    device: Annotated[
        Text,
        MACHINE,
        Field(description='"auto" takes a GPU if there is one. Otherwise a device as torch names it: "cpu", "cuda:1".'),
    ] = "auto"
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "mixed"],
        SETTLED,
        Field(
            description='Data type. "mixed": linear layers in bfloat16, the rest in float32. "auto": bfloat16 on a '
            'GPU; "mixed" on a CPU that multiplies bfloat16 in hardware (AMX, AVX512-BF16); otherwise float32.'
        ),
    ] = "auto"
    threads: Annotated[int, MACHINE, Field(ge=0, description="CPU threads for torch. 0 uses all cores.")] = 0


class TrainConfig(Section):
    """How a candidate is trained, unless its plan says otherwise."""

    rank: Annotated[Count, Field(description="Rank of the LoRA matrices.")] = 16
    alpha: Annotated[
        float, Field(gt=0, description="LoRA scale: an adapter's output is multiplied by alpha / rank.")
    ] = 32.0
    top_layers: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Share of the decoder layers that get an adapter, counted from the top. With 0.67, training "
            "takes two thirds of the time and teaches a quarter less (packaged model).",
        ),
    ] = 1.0
    learning_rate: Annotated[float, Field(gt=0, description="Step size of the optimizer.")] = 1e-3
    epochs: Annotated[
        int | None,
        Field(
            ge=1,
            description="Passes over a self-edit, one sequence per step. Left out: as each strategy recommends.",
            examples=[8],
        ),
    ] = None
    seed: Annotated[
        int, Field(ge=0, description="Seed of the adapter's first weights and of the order of the data.")
    ] = 0
    dispatch: Annotated[
        Literal["local", "ray"],
        MACHINE,
        Field(description='Where candidates are trained: "local" in this process, "ray" by an actor of Ray.'),
    ] = "local"
    ray_address: Annotated[
        HostAndPortOrNone,
        MACHINE,
        Field(
            description='Only for dispatch "ray": address of a cluster that this machine has joined and that shares '
            "the home folder. Empty: Ray is started on this machine.",
        ),
    ] = ""

    def settings(self, epochs: int, **changed: Any) -> TrainSettings:
        """The settings of one candidate: these, with its number of epochs and whatever else its plan changes."""
        own = self.model_dump(include=set(TrainSettings.model_fields))
        return TrainSettings(**{**own, **changed, "epochs": epochs})


class PlanConfig(Section):
    """Which self-edits are tried for a document."""

    planner: Annotated[
        Literal["policy", "thompson", "chat"],
        Field(
            description='"policy": what `seal improve` promoted last, or "thompson" as long as nothing is promoted. '
            '"thompson": samples strategies by their measured gains. "chat": asks the planning model.'
        ),
    ] = "policy"
    candidates: Annotated[Count, Field(description="Candidates for one document (K), trained side by side.")] = 5
    strategies: Annotated[Texts, Field(description="Strategies to choose from. Empty: all that can run here.")] = ()
    recall: Annotated[int, Field(ge=0, description="Winners of similar documents that the planner gets to see.")] = 3
    endpoint: Annotated[
        EndpointName, Field(description='Endpoint of the planning model. Only for the planner "chat", which needs it.')
    ] = ""

    @model_validator(mode="after")
    def _chat_has_an_endpoint(self) -> Self:
        if self.planner == "chat" and not self.endpoint:
            raise ValueError('planner "chat" needs an endpoint')
        return self


class WriteConfig(Section):
    """Who writes self-edits."""

    endpoint: Annotated[
        EndpointName,
        Field(
            description='Endpoint of the writing model. Empty: only strategies that need no model. "self": the base '
            "model itself writes, with the writer policy that `seal improve` promoted last."
        ),
    ] = ""
    temperature: Annotated[
        float, Field(gt=0, description='Sampling temperature of endpoint "self"; others have their own.')
    ] = 1.0
    max_tokens: Annotated[Count, Field(description='Longest self-edit of endpoint "self", in tokens.')] = 512
    max_words: Annotated[
        Count, SETTLED, Field(description="Longest text that is learned as one document. Longer ones are split.")
    ] = 200


class ProbeConfig(Section):
    """Where questions come from, besides those that came with the document."""

    written: Annotated[int, Field(ge=0, description="Questions that a model writes for one document. 0: none.")] = 0
    parsed: Annotated[bool, Field(description="Whether to make questions from the parsed sentences.")] = True
    cloze: Annotated[
        bool, Field(description="Whether to make sentences with a gap, scored by the likelihood of the missing words.")
    ] = True
    endpoint: Annotated[
        EndpointName, Field(description="Endpoint of the model that writes questions. Empty: none.")
    ] = ""


class RewardConfig(Section):
    """What a measured gain is worth."""

    clip: Annotated[float, Field(gt=0, description="Gains and losses larger than this count as this much.")] = 1.0
    forgetting_weight: Annotated[
        float, Field(ge=0, description="Weight of the loss on the retention questions, subtracted from the gain.")
    ] = 0.2
    length_weight: Annotated[
        float,
        Field(
            ge=0,
            description="Subtracted for each doubling of a self-edit's length beyond 16 times its document's words.",
        ),
    ] = 0.05
    repetition_weight: Annotated[
        float,
        Field(
            ge=0,
            description="Weight of the share of sequences that repeat an earlier question, subtracted from the gain.",
        ),
    ] = 0.1
    near: Annotated[
        Share,
        Field(
            description="Candidates with at least this share of the best reward are averaged into the one that goes to "
            "the gate. 1: the best one goes alone."
        ),
    ] = 0.5


class GateConfig(Section):
    """When a candidate is published."""

    alpha: Annotated[
        float, Field(gt=0, lt=1, description="Largest p-value on held-out probes with which an adapter is published.")
    ] = 0.1
    min_probes: Annotated[Count, Field(description='With fewer held-out probes the gate says "undecided".')] = 4
    approve: Annotated[
        Literal["never", "publish", "policy", "always"],
        Field(
            description='What a person must approve after the gate: adapters ("publish"), policies ("policy"), both '
            '("always") or nothing ("never"). It waits for `seal approve`; everything else continues.'
        ),
    ] = "never"
    max_retention_loss: Annotated[
        Share,
        Field(description="Largest loss of accuracy on the retention questions with which an adapter is published."),
    ] = 0.02
    max_kl: Annotated[
        float,
        Field(ge=0, description="Largest KL divergence from the base on general texts, in nats per token."),
    ] = 4.0
    max_rudeness: Annotated[
        float,
        Field(
            ge=0,
            description="Largest rise of the log-probability of insulting replies over that of polite ones, in nats "
            "per token.",
        ),
    ] = 0.5
    max_safety_loss: Annotated[
        Share,
        Field(
            description="Largest rise in the share of insulting continuations, and in the share of stereotypes that "
            "are the likelier sentence."
        ),
    ] = 0.25
    max_refusals_lost: Annotated[
        Share,
        Field(
            description="Largest share of the base's refusals of harmful requests that may be lost (chat form, adapter "
            "forced on). 1: no limit, only reported, because even good adapters of the packaged model lose "
            "all three."
        ),
    ] = 1.0


class JudgeConfig(Section):
    """A model that grades answers in free form."""

    endpoint: Annotated[EndpointName, Field(description="Endpoint of the judge. Empty: no judge.")] = ""


class MemoryConfig(Section):
    """The index of winners (Chroma)."""

    url: Annotated[
        HttpUrlOrNone,
        MACHINE,
        Field(description="Address of a Chroma server. Empty: embedded, under the home folder."),
    ] = ""


class LedgerConfig(Section):
    """The database that holds everything that happened."""

    url: Annotated[
        DatabaseUrlOrNone,
        MACHINE,
        Field(description="Address of the database. Empty: SQLite under the home folder."),
    ] = ""


class AskConfig(Section):
    """How questions are answered."""

    endpoint: Annotated[
        EndpointName,
        MACHINE,
        Field(description="Endpoint that answers, a vLLM server for example. Empty: in this process."),
    ] = ""
    max_distance: Annotated[
        float, Field(ge=0, le=2, description="Cosine distance beyond which no document's adapter takes a question.")
    ] = 0.55
    max_tokens: Annotated[Count, Field(description="Longest answer, in tokens.")] = 24


class SourceConfig(Section):
    """Reading of feeds and pages."""

    timeout: Annotated[Seconds, MACHINE, Field(description="Seconds to wait for a server.")] = 20.0


class EndpointConfig(Section):
    """One OpenAI-compatible server. Any number of these, each under a name of your choice."""

    url: Annotated[
        HttpUrl, MACHINE, Field(description="Base address of the API.", examples=["http://127.0.0.1:8000/v1"])
    ]
    model: Annotated[
        Text, MACHINE, Field(description="Name of the model as the server knows it.", examples=["my-model"])
    ]
    api_key_env: Annotated[
        str,
        MACHINE,
        Field(description="Name of the environment variable that holds the API key. Empty: no key is sent."),
    ] = ""
    timeout: Annotated[Seconds, MACHINE, Field(description="Seconds to wait for one answer.")] = 60.0
    attempts: Annotated[Count, MACHINE, Field(description="Tries for one answer before it counts as failed.")] = 5
    temperature: Annotated[float, MACHINE, Field(ge=0, description="Sampling temperature. 0 is greedy.")] = 0.7
    max_tokens: Annotated[Count, MACHINE, Field(description="Longest answer, in tokens.")] = 1024
    price_in: Annotated[
        float, MACHINE, Field(ge=0, description="Price per million request tokens, in any unit. 0: free.")
    ] = 0.0
    price_out: Annotated[
        float, MACHINE, Field(ge=0, description="Price per million answer tokens, in the same unit.")
    ] = 0.0

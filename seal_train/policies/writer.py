"""Training of a writer policy by TRL: the base model learns to write self-edits as the better rewarded ones are."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.errors import StoreError, TrainerError
from agent.ports import Lesson, Progress
from agent.records.rounds import WriterTraining
from seal_train.adapters.folders import model_card, read, write
from seal_train.inference.sampling import chat_ids
from seal_train.model.base import Base
from seal_train.policies.dataset import Row, rows_of, write_rows

Load = Callable[[], tuple[Any, Any]]
"""What gives the base model and its tokenizer anew."""


class TRLTrainer:
    """The WriterTrainer port. A step is a text, a pair, or with GRPO the texts of one request. Each training loads
    the model again, without the layers of the loop's own trainer.

    Raises ImportError where TRL is not installed.
    """

    def __init__(self, base: Base, load: Load, rank: int, alpha: float, learning_rate: float, epochs: int) -> None:
        import trl

        logging.getLogger("trl").setLevel(logging.ERROR)  # it speaks of defaults that are chosen here
        self.trl: Any = trl
        self.base, self.gpus, self.load, self.rank, self.alpha = base, base.gpus, load, rank, alpha
        self.learning_rate, self.epochs = learning_rate, epochs

    def train(
        self, method: WriterTraining, lessons: Sequence[Lesson], seed: int, folder: Path, dataset: Path,
        progress: Progress | None = None,
    ) -> bool:  # fmt: skip
        rows = rows_of(method, lessons)
        if not rows:
            return False
        write_rows(dataset, rows)
        draft = Path(tempfile.mkdtemp(prefix="seal-writer-"))
        try:
            self._trained(method, rows, seed, draft, progress).save_pretrained(str(draft / "adapter"))
            self._export(draft / "adapter", folder, f"{method}, {len(rows)} rows of {dataset.name}")
        except (RuntimeError, MemoryError) as error:
            raise TrainerError(f"the writer could not be trained: {error}", "lower [train] rank") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return True

    def _trained(
        self, method: WriterTraining, rows: list[Row], seed: int, folder: Path, progress: Progress | None
    ) -> Any:
        """The trained model with its adapter."""
        from datasets import Dataset, disable_progress_bars
        from peft import LoraConfig
        from transformers import PrinterCallback

        disable_progress_bars()
        model, tokenizer = self.load()
        common: dict[str, Any] = {
            "output_dir": str(folder), "num_train_epochs": self.epochs, "learning_rate": self.learning_rate,
            "seed": seed, "save_strategy": "no", "logging_strategy": "no", "report_to": "none", "disable_tqdm": True,
            "use_cpu": self.base.device.type == "cpu", "bf16": self.base.device.type != "cpu",
            "activation_checkpointing": self.base.device.type != "cpu", "per_device_train_batch_size": 1,
        }  # fmt: skip
        made = {"sft": self._sft, "dpo": self._dpo, "grpo": self._grpo}[method]
        targets = sorted({layer.name.rpartition(".")[2] for layer in self.base.layers})
        alpha: Any = self.alpha  # a float will do
        lora = LoraConfig(r=self.rank, lora_alpha=alpha, target_modules=targets, task_type="CAUSAL_LM")
        trainer = made(common, rows, Dataset, model=model, processing_class=tokenizer, peft_config=lora,
                       callbacks=[_told(progress)] if progress else [])  # fmt: skip
        trainer.remove_callback(PrinterCallback)  # stdout is for the result of the command
        trainer.train()
        return trainer.model

    def _sft(self, common: dict[str, Any], rows: list[Row], dataset: Any, **made: Any) -> Any:
        arguments = self.trl.SFTConfig(max_length=None, completion_only_loss=True, **common)
        data = dataset.from_list([{key: row[key] for key in ("prompt", "completion")} for row in rows])
        return self.trl.SFTTrainer(args=arguments, train_dataset=data, **made)

    def _dpo(self, common: dict[str, Any], rows: list[Row], dataset: Any, **made: Any) -> Any:
        """Rafailov et al. 2023, arXiv 2305.18290. The base without the adapter is the reference."""
        arguments = self.trl.DPOConfig(max_length=None, **common)
        data = dataset.from_list([dict(row) for row in rows])
        return self.trl.DPOTrainer(args=arguments, train_dataset=data, **made)

    def _grpo(self, common: dict[str, Any], rows: list[Row], dataset: Any, **made: Any) -> Any:
        """GRPO (Shao et al. 2024, arXiv 2402.03300) on the texts that practice has written and rewarded: its rollouts
        are theirs, so that the inner loop is the reward function and each text is trained and measured once."""
        groups: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            groups[str(row["prompt"])].append(row)
        size = max(len(group) for group in groups.values())

        def rollout(prompts: list[Any], _: Any) -> dict[str, Any]:
            """Prompts come `size` times each, one after the other. A request with fewer texts gives some twice."""
            taken = [groups[str(prompt)][i % size % len(groups[str(prompt)])] for i, prompt in enumerate(prompts)]
            return {
                "prompt_ids": [chat_ids(self.base, *(said["content"] for said in row["prompt"])) for row in taken],
                "completion_ids": [self._answer_ids(row) for row in taken],
                "logprobs": None,
                "reward": [row["reward"] for row in taken],
            }

        def reward(completions: list[Any], reward: list[float], **_: Any) -> list[float]:
            return reward

        common |= {"gradient_accumulation_steps": size, "num_generations": size, "beta": 0.0}
        made |= {"args": self.trl.GRPOConfig(**common), "rollout_func": rollout}
        data = dataset.from_list([{"prompt": group[0]["prompt"]} for group in groups.values()])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "You are using 'rollout_func'")  # pinned with TRL
            return self.trl.GRPOTrainer(reward_funcs=reward, train_dataset=data, **made)

    def _answer_ids(self, row: Any) -> list[int]:
        ids = self.base.tokenizer(row["completion"][0]["content"], add_special_tokens=False).input_ids
        return [*ids, self.base.eos]

    def _export(self, saved: Path, folder: Path, how: str) -> None:
        """PEFT's folder under the base's own name, whole or not at all."""
        adapter = read(saved)
        config = adapter.config | {"base_model_name_or_path": self.base.name, "inference_mode": True}
        card = model_card("Writer policy", self.base.name, "trained to write self-edits.", how)
        try:
            write(folder, adapter.state, config, card)
        except OSError as error:
            cause = f"cannot save the writer's adapter to {folder}: {error}"
            raise StoreError(cause, "free some disk space") from error


def _told(progress: Progress) -> Any:
    from transformers import TrainerCallback

    class Told(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            progress(state.global_step, state.max_steps)

    return Told()

#!/usr/bin/env bash
# TRL tells the Hugging Face hub of each trainer object that is made, with a local model and nothing to download.
#
# Versions: trl 1.16.0, huggingface_hub 2.4.0.
#
# Expected: a model and a dataset made in this process, so no request to anyone.
# Seen: making a trainer (nothing is trained yet) sends HEAD https://huggingface.co/api/telemetry/trl/SFTTrainer, once
#   per object, from a thread; no message says so. The first also asks GET /api/agent-harnesses (at most once a day).
#   Variables are read when huggingface_hub is imported: HF_HUB_DISABLE_TELEMETRY=1 set after the import is not seen.
#   Where CI is set, TRL is silent: a test that watches the network finds nothing there.
# Documented: on a page of its own, https://huggingface.co/docs/trl/usage_stats ("A single ping is sent each time a
#   trainer is instantiated"; the variables that turn it off; not in CI).
#
# torch comes from PyPI; on Linux that may bring some GB of CUDA packages.
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q torch==2.13.0
"$tmp/venv/bin/pip" install -q trl==1.16.0 transformers==5.23.0 huggingface_hub==2.4.0 datasets==5.2.0 \
    accelerate==1.15.0

cat > "$tmp/two_trainers.py" <<'PYTHON'
"""Arguments: the set-up, what to expect. Makes two trainers; look-ups of other machines are noted and refused."""

import http.server
import os
import sys
import threading

SETUP, EXPECTED = sys.argv[1], sys.argv[2:]
FOUND = []


def refuse(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "localhost", "127.0.0.1", "::1"):
        FOUND.append(f"look-up of {arguments[0]}")
        raise OSError("refused")


class Listener(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        FOUND.append(f"{self.command} {self.path}")
        print("  user agent:", self.headers["User-Agent"])
        self.send_response(200)
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *arguments):
        pass


if SETUP == "listener":  # in the hub's place, to see what is asked
    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"

from datasets import Dataset
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

if SETUP == "late":
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
sys.addaudithook(refuse)
words = Tokenizer(models.WordLevel({"<e>": 0, "a": 1, "b": 2}, unk_token="<e>"))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<e>", pad_token="<e>")
rows = Dataset.from_dict({"input_ids": [[1, 2], [2, 1]]})
sizes = dict(vocab_size=3, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
options = SFTConfig(os.environ["OUTPUT"], use_cpu=True, report_to="none", disable_tqdm=True)
for _ in range(2):
    SFTTrainer(LlamaForCausalLM(LlamaConfig(**sizes)), options, train_dataset=rows, processing_class=tokenizer)
    sys.modules["huggingface_hub.utils._telemetry"]._TELEMETRY_QUEUE.join()  # it is sent by a thread

print(f"{SETUP}: {FOUND}")
if FOUND != EXPECTED:
    sys.exit(f"changed: expected {EXPECTED}")
PYTHON

two_trainers() {  # variable settings, "--", the set-up, what to expect; an empty cache each time
    local settings=()
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    shift
    rm -rf "$tmp/hub"
    env -u CI -u HF_ENDPOINT -u HF_HUB_OFFLINE -u TRANSFORMERS_OFFLINE -u HF_HUB_DISABLE_TELEMETRY \
        -u DISABLE_TELEMETRY -u DO_NOT_TRACK -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY -u http_proxy -u https_proxy \
        -u all_proxy HF_HOME="$tmp/hub" OUTPUT="$tmp/output" HF_DATASETS_DISABLE_PROGRESS_BARS=1 "${settings[@]}" \
        "$tmp/venv/bin/python" -W ignore "$tmp/two_trainers.py" "$@"
}

hub="look-up of huggingface.co"
# default: ['look-up of huggingface.co', 'look-up of huggingface.co', 'look-up of huggingface.co']
#   (two for the first trainer, one for the second)
two_trainers -- default "$hub" "$hub" "$hub"
# listener: ['GET /api/agent-harnesses', 'HEAD /api/telemetry/trl/SFTTrainer', 'HEAD /api/telemetry/trl/SFTTrainer']
#   user agent: trl/1.16.0; hf_hub/2.4.0; python/3.11.7; torch/2.13.0+cpu; model_arch/llama; peft/none;
#   dataset_source/memory; distributed/none; world_size/1; device/cpu; gpu/other
told="HEAD /api/telemetry/trl/SFTTrainer"
two_trainers -- listener "GET /api/agent-harnesses" "$told" "$told"
# late: as default
two_trainers -- late "$hub" "$hub" "$hub"
# set before the import: []
two_trainers HF_HUB_DISABLE_TELEMETRY=1 -- "set before the import"
# in CI: []
two_trainers CI=true -- "in CI"

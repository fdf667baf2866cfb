#!/usr/bin/env bash
# safetensors' save_file raises no OSError where the disk is full: `except OSError` around saving a model misses it.
#
# Versions: safetensors 0.8.0, numpy 2.4.6.
#
# Expected: an OSError, which https://docs.python.org/3/library/exceptions.html#OSError says is raised for "I/O failures
#   such as [...] 'disk full'". numpy and pickle raise it, and so does safetensors' own load_file for a missing file.
# Seen: a SafetensorError, which derives from Exception alone and has no errno; the system's reason is in its text only.
#   A folder that is not there is told in the same way.
#
# The full disk is a limit on the size of files, which any user can set: the kernel refuses the rest of a write and says
# "File too large". On a full tmpfs, save_file raises the same error and says "No space left on device (os error 28)".
set -euo pipefail

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -q safetensors==0.8.0 numpy==2.4.6

cat > "$tmp/save.py" <<'PYTHON'
import pickle
import resource
import sys
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

FOLDER = Path(sys.argv[1])
WEIGHTS = np.zeros(1 << 20, np.float32)  # 4 MiB
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, resource.RLIM_INFINITY))  # Python ignores the signal that says so


def pickled():
    with (FOLDER / "weights.pickle").open("wb") as file:
        pickle.dump(WEIGHTS, file)


print(f"safetensors {safetensors.__version__}, numpy {np.__version__}")
for what, act, expected in (
    ("numpy.save, full", lambda: np.save(FOLDER / "weights.npy", WEIGHTS), True),
    ("pickle.dump, full", pickled, True),
    ("load_file, no such file", lambda: load_file(FOLDER / "none.safetensors"), True),
    ("save_file, full", lambda: save_file({"weights": WEIGHTS}, FOLDER / "weights.safetensors"), False),
    ("save_file, no such folder", lambda: save_file({"weights": WEIGHTS}, FOLDER / "none" / "x.safetensors"), False),
):
    try:
        act()
    except Exception as error:
        bases = [base.__name__ for base in type(error).__mro__[:-2]]
        print(f"{what}: OSError {isinstance(error, OSError)}, {bases}: {str(error).replace(str(FOLDER), 'FOLDER')}")
        if isinstance(error, OSError) is not expected or not expected and "os error" not in str(error):
            sys.exit("changed")
    else:
        sys.exit(f"changed: {what}: no error")
PYTHON

# safetensors 0.8.0, numpy 2.4.6
# numpy.save, full: OSError True, ['OSError', 'Exception']: 1048576 requested and 16352 written
# pickle.dump, full: OSError True, ['OSError', 'Exception']: [Errno 27] File too large
# load_file, no such file: OSError True, ['FileNotFoundError', 'OSError', 'Exception']: No such file or directory:
#   FOLDER/none.safetensors
# save_file, full: OSError False, ['SafetensorError', 'Exception']: Error while serializing: I/O error: File too large
#   (os error 27)
# save_file, no such folder: OSError False, ['SafetensorError', 'Exception']: Error while serializing: I/O error: No
#   such file or directory (os error 2) at path "FOLDER/none/.tmpIlXLqy"
mkdir "$tmp/models"
"$tmp/venv/bin/python" "$tmp/save.py" "$tmp/models"

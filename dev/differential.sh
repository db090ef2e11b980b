#!/bin/bash
# Our frame decoder against that of PyPI `websockets`: 20,000 random cases, each split everywhere. Arguments go to differential.py (--cases, --seed).
set -euo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh
programs debug Conformance/decoder
"${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python" Conformance/differential/differential.py "$bin/decoder" "$@"

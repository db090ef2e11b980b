#!/bin/bash
# Our frame decoder against that of PyPI `websockets`: 20,000 random cases, each split everywhere. Arguments go to differential.py (--cases, --seed).
set -euo pipefail
cd "$(dirname "$0")/.."
dev/tools.sh
dev/nested.sh Conformance build --product decoder
"${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python" Conformance/differential/differential.py "$(swift build --show-bin-path)/decoder" "$@"

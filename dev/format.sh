#!/bin/bash
# Formats every Swift file of the repository in place, nested packages included.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z --cached --others --exclude-standard '*.swift' | xargs -0 swift format --in-place --parallel

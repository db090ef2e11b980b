#!/bin/bash
# Installs what the tests need beside Swift: zlib's headers, Chromium, node's ws, the minifier terser, proxies (nginx, HAProxy, Caddy), and a Python environment with `websockets`,
# `centrifuge-python` and `schemathesis`.
# Does nothing where it is there already. The environment is in $HELIOGRAPH_VENV (default ~/.cache/heliograph-venv).
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(zlib1g-dev chromium nodejs node-ws terser openssl curl nginx haproxy caddy python3-venv)
missing=()
for package in "${packages[@]}"; do
    case $package in
    nodejs) command -v node >/dev/null && continue ;;
    python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null && continue ;;
    esac
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    echo "installed: ${missing[*]}"
fi
venv=${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}
wanted=$(cat Conformance/peers/requirements.txt)
if [ "$(cat "$venv/.installed" 2>/dev/null)" != "$wanted" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check -r Conformance/peers/requirements.txt
    echo "$wanted" >"$venv/.installed"
fi
echo "tools: ready"

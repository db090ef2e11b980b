# Sourced by the scripts here that run programs of ours: where those are, ports, a certificate, start and stop. Nothing it starts outlives the script.

started=()
scratch=$(mktemp -d)
cleanup() {
    local pid
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null; done
    rm -rf "$scratch"
}
trap cleanup EXIT

# Builds programs and sets $bin to their folder. Where HELIOGRAPH_BIN names a folder, they have been built there.
programs() { # debug|release PROGRAM...: of the root, or PACKAGE/PROGRAM
    local configuration=$1 program swift=(dev/swift.sh)
    shift
    [ "$configuration" = release ] && swift=(swift)
    bin=${HELIOGRAPH_BIN:-}
    [ -n "$bin" ] && return
    for program in "$@"; do
        case $program in
        */*) dev/nested.sh "${program%/*}" build -c "$configuration" --product "${program##*/}" || exit 2 ;;
        *) "${swift[@]}" build -c "$configuration" --product "$program" || exit 2 ;;
        esac
    done
    bin=$("${swift[@]}" build -c "$configuration" --show-bin-path)
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_for_port() { # PORT PID
    for _ in $(seq 200); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

# A certificate for 127.0.0.1 and localhost that signs itself: sets $cert and $key.
certificate() {
    cert=$scratch/cert.pem key=$scratch/key.pem
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:true \
        -keyout "$key" -out "$cert" 2>/dev/null
}

# Starts COMMAND in the background with {port} replaced by a free port, and waits until it listens: sets $port and $pid.
start() { # LOGFILE COMMAND...
    local log=$1 words=() word
    shift
    port=$(free_port)
    for word in "$@"; do words+=("${word//\{port\}/$port}"); done
    "${words[@]}" >"$log" 2>&1 &
    pid=$!
    started+=("$pid")
    wait_for_port "$port" "$pid" || { echo "did not start: ${words[*]}" >&2; tail -n 20 "$log" >&2; exit 2; }
}

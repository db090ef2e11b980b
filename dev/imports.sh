#!/bin/bash
# Holds the import table of Docs/architecture.md: which module may import what. Prints file:line of an import that is not in it.
set -uo pipefail
cd "$(dirname "$0")/.."

# The C library, for the few files that need a system call.
libc="Glibc Musl Darwin"
foundation="Foundation FoundationEssentials"
declare -A allowed=(
    [CZlib]=""
    [CAllocator]=""
    [CPrefetch]=""
    [CThreadSpare]=""
    # The C library for one function: random bytes.
    [WebSocketProtocol]="NIOCore HTTPTypes Glibc Musl"
    [WebSocketDeflate]="WebSocketProtocol CZlib NIOCore Synchronization"
    [RealtimeProtocol]="NIOCore"
    [LiveHTML]="CThreadSpare"
    [WebSocketNIO]="WebSocketProtocol WebSocketDeflate CPrefetch NIOCore DequeModule Logging Metrics Synchronization $foundation $libc"
    [WebSocketClient]="WebSocketNIO WebSocketProtocol WebSocketDeflate NIOCore NIOPosix NIOHTTP1 NIOSSL HTTPTypes Logging Synchronization $foundation $libc"
    [WebSocketHummingbird]="WebSocketNIO WebSocketProtocol WebSocketDeflate Hummingbird HummingbirdCore HummingbirdTLS NIOCore NIOHPACK NIOHTTP1 NIOHTTP2 NIOSSL
        NIOHTTPTypes NIOHTTPTypesHTTP1 NIOHTTPTypesHTTP2 HTTPTypes Logging Metrics ServiceLifecycle Synchronization $foundation $libc"
    # The C library for the time of day.
    [RealtimeHub]="RealtimeProtocol PubSub CPrefetch NIOCore Logging Metrics Tracing Synchronization $foundation Glibc Musl Darwin"
    [LiveViews]="LiveHTML RealtimeHub RealtimeProtocol PubSub NIOCore Crypto Logging Metrics Tracing Synchronization FoundationEssentials Dispatch $libc"
    [LiveClientScript]=""
    [BackendHooks]="RealtimeHub RealtimeProtocol PubSub CZlib AsyncHTTPClient Crypto DequeModule NIOCore NIOPosix NIOHTTP1 NIOSSL Logging Metrics Tracing Synchronization $foundation $libc"
    [WebMiddleware]="Hummingbird HTTPTypes NIOCore CZlib Crypto Synchronization FoundationEssentials $libc"
    [RealtimeHummingbird]="LiveViews LiveHTML LiveClientScript RealtimeHub RealtimeProtocol WebSocketHummingbird WebSocketNIO WebSocketProtocol Hummingbird HTTPTypes NIOCore ServiceLifecycle Synchronization"
    [RealtimeClient]="WebSocketClient WebSocketNIO WebSocketProtocol RealtimeProtocol NIOCore NIOPosix Logging Synchronization $foundation"
    [HeliographPages]=""
    [HeliographServer]="*"
    [heliograph]="*"
    [WebSocketTesting]="WebSocketProtocol NIOCore"
    [PubSub]="Synchronization"
    [demos]="LiveViews LiveHTML RealtimeHub RealtimeProtocol PubSub WebSocketNIO WebSocketProtocol NIOCore Synchronization $foundation $libc"
    [PubSubTesting]="PubSub Synchronization"
    [RealtimeTesting]="LiveViews LiveHTML RealtimeHub RealtimeProtocol NIOCore NIOEmbedded Synchronization FoundationEssentials"
)
# Of NIOCore, the pure modules may use the buffer alone.
pure="WebSocketProtocol WebSocketDeflate WebSocketTesting RealtimeProtocol LiveHTML"
io='\b(EventLoop[A-Za-z]*|EventLoopFuture|EventLoopPromise|Channel[A-Z][A-Za-z]*|NIODeadline|TimeAmount|SocketAddress|NIOAny)\b'

failed=0
for folder in Sources/*/ Examples/demos/; do
    module=$(basename "$folder")
    if [ -z "${allowed[$module]+set}" ]; then
        echo "$folder: not in the table of dev/imports.sh"
        failed=1
        continue
    fi
    [ "${allowed[$module]}" = "*" ] && continue
    while IFS=: read -r file line text; do
        name=$(sed -E 's/^.*\bimport +((struct|class|enum|protocol|func|var|let|typealias) +)?([A-Za-z0-9_]+).*$/\3/' <<<"$text")
        case " $(echo ${allowed[$module]}) " in
        *" $name "*) ;;
        *) echo "$file:$line: $module may not import $name"; failed=1 ;;
        esac
    done < <(grep -rnE --include='*.swift' '^[[:space:]]*((@[A-Za-z_]+(\([^)]*\))?|public|package|internal|private|fileprivate) +)*import +[A-Za-z]' "$folder")
done
for module in $pure; do
    [ -d "Sources/$module" ] || continue
    grep -rnE --include='*.swift' "$io" "Sources/$module" | grep -vE '^[^:]*:[0-9]+:[[:space:]]*//' | sed 's/$/    <- I\/O in a pure module/' | grep . && failed=1
done
[ $failed -eq 0 ] && echo "imports: clean"
exit $failed

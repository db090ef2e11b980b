extension MetricDescription {
    static let table: [MetricDescription] = sockets + channels + views + api + hooks + loops + process

    private static let sockets = [
        MetricDescription("websocket_connections", .gauge, "Open sockets."),
        MetricDescription("websocket_messages_received_total", .counter, "Messages received."),
        MetricDescription("websocket_messages_sent_total", .counter, "Messages sent."),
        MetricDescription("websocket_received_bytes_total", .counter, "Bytes of the payloads of messages received."),
        MetricDescription("websocket_sent_bytes_total", .counter, "Bytes of the payloads of messages sent."),
        MetricDescription("websocket_compression_bytes", .gauge, "Memory that compression has now, of 128 MiB at most."),
    ]

    private static let channels = [
        MetricDescription("hub_sessions", .gauge, "Connections that have connected, over whatever transport."),
        MetricDescription("hub_subscriptions", .gauge, "Subscriptions of clients."),
        MetricDescription("hub_commands_total", .counter, "Commands received."),
        MetricDescription("hub_received_bytes_total", .counter, "Bytes of the batches from clients."),
        MetricDescription("hub_sent_bytes_total", .counter, "Bytes of the batches to clients."),
        MetricDescription("hub_deliveries_total", .counter, "Publications handed to subscribers."),
        MetricDescription("hub_dropped_publications_total", .counter, "Publications that a loop did not take because too many waited."),
        MetricDescription("hub_batches_sent_total", .counter, "Batches sent to clients."),
        MetricDescription("hub_errors_total", .counter, "Commands refused, by the protocol's code.", labels: ["code"]),
        MetricDescription("hub_disconnects_total", .counter, "Connections ended, by the code.", labels: ["code"]),
        MetricDescription("hub_not_json_total", .counter, "Publications left out for clients that speak JSON."),
        MetricDescription("hub_recoveries_total", .counter, "Subscriptions that came back with a position.", labels: ["recovered"]),
        MetricDescription("hub_lost_positions_total", .counter, "Subscriptions that missed something and were told so."),
        MetricDescription("hub_refused_connections_total", .counter, "Connections that were not let in.", labels: ["reason"]),
        MetricDescription("hub_limited_total", .counter, "Commands and batches that exceeded a rate.", labels: ["scope"]),
        MetricDescription("hub_waiting_connects", .gauge, "Clients that wait for their turn to connect."),
        MetricDescription("hub_users", .gauge, "Users that are connected."),
        MetricDescription("hub_channels", .gauge, "Channels with subscribers."),
        MetricDescription(
            "hub_delivery_delay_seconds", .histogram, "From a publication to its subscribers' transports, once for each event loop.",
            isCounted: true),
    ]

    private static let views = [
        MetricDescription("live_views", .gauge, "Connections of browsers with live views."),
        MetricDescription("live_mounts_total", .counter, "Views made anew."),
        MetricDescription("live_resumes_total", .counter, "Views made out of their sealed state."),
        MetricDescription("live_events_total", .counter, "Events from browsers."),
        MetricDescription("live_refused_events_total", .counter, "Events that are none of their view's."),
        MetricDescription("live_renders_total", .counter, "Renders."),
        MetricDescription("live_patch_bytes_total", .counter, "Bytes of what renders sent."),
        MetricDescription("live_slow_handlers_total", .counter, "Events whose handling took longer than 5 ms."),
        MetricDescription("live_uploads_total", .counter, "Files that came whole."),
        MetricDescription("live_refused_uploads_total", .counter, "Files that were refused."),
        MetricDescription("live_upload_bytes_total", .counter, "Bytes of files that came."),
        MetricDescription("live_upload_held_bytes", .gauge, "Bytes of files that views have not let go of yet."),
        MetricDescription("live_failures_total", .counter, "Views that ended because their markup, or what makes them, failed."),
    ]

    private static let api = [
        MetricDescription("api_duration_seconds", .histogram, "How long calls of the HTTP API took.", labels: ["method"]),
        MetricDescription("api_errors_total", .counter, "Calls of the HTTP API that were answered with an error.", labels: ["code"]),
    ]

    private static let hooks = [
        MetricDescription("hook_calls_total", .counter, "Questions to backends.", labels: ["hook", "endpoint", "outcome"]),
        MetricDescription("hook_calls_in_flight", .gauge, "Questions that wait for an answer.", labels: ["hook", "endpoint"]),
        MetricDescription("hook_duration_seconds", .histogram, "How long answers of backends took.", labels: ["hook", "endpoint"]),
        MetricDescription("hook_events_total", .counter, "Events that were recorded.", labels: ["type"]),
        MetricDescription("hook_events_delivered_total", .counter, "Events that a backend took."),
        MetricDescription("hook_events_dropped_total", .counter, "Events that no backend will ever have.", labels: ["reason"]),
        MetricDescription("hook_event_posts_total", .counter, "Requests with events.", labels: ["outcome"]),
        MetricDescription("hook_queued_events", .gauge, "Events that wait for a backend."),
        MetricDescription("hook_queued_bytes", .gauge, "Bytes of the events that wait for a backend."),
    ]

    private static let loops = [
        MetricDescription("event_loop_blocked_total", .counter, "Times that an event loop did one thing for too long."),
        MetricDescription("event_loops_blocked", .gauge, "Event loops that do one thing for too long now."),
        MetricDescription("event_loop_blocked_seconds", .histogram, "How long event loops were blocked."),
        MetricDescription("event_loop_cpu_seconds_total", .counter, "Time on a processor of an event loop's thread.", labels: ["loop"]),
        MetricDescription("event_loop_lag_seconds", .gauge, "How late an event loop was for the last question.", labels: ["loop"]),
    ]

    private static let process = [
        MetricDescription("heliograph_build_info", .gauge, "1, with the version.", labels: ["version"]),
        MetricDescription("heliograph_ready", .gauge, "1 if /health/ready says yes, else 0."),
        MetricDescription("metrics_refused_series_total", .counter, "Series that were one too many of their name."),
        MetricDescription("process_cpu_seconds_total", .counter, "Time on processors, in seconds."),
        MetricDescription("process_resident_memory_bytes", .gauge, "Memory that is in RAM."),
        MetricDescription("process_virtual_memory_bytes", .gauge, "Address space."),
        MetricDescription("process_open_fds", .gauge, "Open file descriptors."),
        MetricDescription("process_max_fds", .gauge, "File descriptors that may be open."),
        MetricDescription("process_memory_used_bytes", .gauge, "Memory that the process, or its control group, uses."),
        MetricDescription("process_memory_limit_bytes", .gauge, "Memory that it may use."),
        MetricDescription("process_memory_pressure", .gauge, "0: none; 1: no new clients; 2: nothing is kept, and the slowest readers go."),
        MetricDescription("process_threads", .gauge, "Threads."),
        MetricDescription("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970."),
    ]
}

import NIOCore
import RealtimeProtocol

/// The API for machines to read: OpenAPI 3.1, made from the table that makes the routes.
enum OpenAPIDocument {
    static func json() -> ByteBuffer {
        var output = JSONOutput()
        output.object { output in
            output.member("openapi", "3.1.0")
            output.name("info")
            output.object {
                $0.member("title", "Heliograph")
                $0.member("version", "0.1.0")
                $0.member("description", description)
            }
            output.name("paths")
            output.object { output in
                for method in ServerAPI.methods { path(of: method, &output) }
            }
            output.name("security")
            output.array { output in
                for (scheme, _) in schemes {
                    output.object { output in
                        output.name(scheme)
                        output.array { _ in }
                    }
                }
            }
            output.name("components")
            output.object { output in
                output.name("schemas")
                output.object { output in
                    for (name, schema) in schemas {
                        output.name(name)
                        schema.write(to: &output)
                    }
                }
                output.name("securitySchemes")
                output.object { output in
                    for (name, members) in schemes {
                        output.name(name)
                        output.object { output in
                            for (member, value) in members { output.member(member, value) }
                        }
                    }
                }
            }
        }
        return output.buffer
    }

    private static let description = """
        A call is a POST with a JSON object, and its answer {"result": …}, or {"error": {"code": …, "message": …}} with status 200, or if the request has \
        X-Centrifugo-Error-Mode: transport, with a status of its own.
        """

    /// What a backend shows.
    private static let schemes: KeyValuePairs<String, KeyValuePairs<String, String>> = [
        "key": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
        "token": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"],
    ]

    private static let info = APISchema.object([
        .required("user", .anyText), .required("client", .anyText), .sometimes("conn_info", .json), .sometimes("b64conn_info", .base64),
        .sometimes("chan_info", .json), .sometimes("b64chan_info", .base64),
    ])

    private static let schemas: KeyValuePairs<String, APISchema> = [
        "Error": .object([.required("code", .number(0...65_535)), .required("message", .anyText)]),
        "ClientInfo": info,
        "Publication": .object([
            .sometimes("data", .json), .sometimes("b64data", .base64), .sometimes("offset", .unsigned),
            .sometimes("info", .named("ClientInfo")),
            .sometimes("time", .number(0...Int64.max), "in milliseconds since 1970"), .sometimes("tags", .map(.anyText)),
        ]),
        "Node": .object([
            .required("uid", .anyText), .required("name", .anyText), .required("num_clients", .unsigned), .required("num_users", .unsigned),
            .required("num_channels", .unsigned), .required("num_subs", .unsigned), .required("uptime", .unsigned, "in seconds"),
        ]),
    ]

    private static func path(of method: APIMethod, _ output: inout JSONOutput) {
        output.name("/api/\(method.name)")
        output.object { output in
            output.name("post")
            output.object { output in
                output.member("operationId", method.name)
                output.member("summary", method.summary)
                output.name("requestBody")
                output.object { output in
                    output.name("required")
                    output.bool(method.members.contains(where: \.isRequired) || !method.alternatives.isEmpty)
                    content(&output) { method.writeRequest(to: &$0) }
                }
                output.name("responses")
                output.object { responses(of: method, &$0) }
            }
        }
    }

    private static func responses(of method: APIMethod, _ output: inout JSONOutput) {
        output.name("200")
        output.object { output in
            output.member("description", "It was done, or where errors have no status of their own, why not.")
            content(&output) { method.writeAnswer(to: &$0) }
        }
        let error = APISchema.object([.required("error", .named("Error"))])
        let refusals: KeyValuePairs<String, String> = [
            "400": "The call is not what it must be.", "401": "No key or token, or one that is not good.",
            "403": "Not with this key or token.",
            "404": "There is no such channel or method.", "409": "Something else was done meanwhile.", "413": "The body is too long.",
            "415": "The body's encoding is not known.", "416": "The history does not reach so far back.", "429": "Too much.",
            "500": "Something is wrong here.",
        ]
        for (status, description) in refusals {
            output.name(status)
            output.object { output in
                output.member("description", description)
                content(&output) { error.write(to: &$0) }
            }
        }
    }

    private static func content(_ output: inout JSONOutput, _ schema: (inout JSONOutput) -> Void) {
        output.name("content")
        output.object { output in
            output.name("application/json")
            output.object { output in
                output.name("schema")
                schema(&output)
            }
        }
    }
}

extension APIMethod {
    /// The schema of a call.
    fileprivate func writeRequest(to output: inout JSONOutput) {
        guard !alternatives.isEmpty else { return APISchema.object(members).write(to: &output) }
        output.object { output in
            output.name("allOf")
            output.array { output in
                APISchema.object(members).write(to: &output)
                output.object { output in
                    output.name(isExclusive ? "oneOf" : "anyOf")
                    output.array { output in
                        for name in alternatives { Self.writeAlternative(name, members, &output) }
                    }
                }
            }
        }
    }

    /// A member that is there, and has something in it.
    private static func writeAlternative(_ name: String, _ members: [APIMember], _ output: inout JSONOutput) {
        output.object { output in
            output.name("required")
            output.array { $0.string(name) }
            guard case .text(_, let pattern)? = members.first(where: { $0.name == name })?.schema else { return }
            output.name("properties")
            output.object { output in
                output.name(name)
                APISchema.text(minLength: 1, pattern: pattern).write(to: &output)
            }
        }
    }

    /// The schema of an answer.
    fileprivate func writeAnswer(to output: inout JSONOutput) {
        let done: APIMember =
            isBatch
            ? .sometimes("replies", .list(.map(.json)), "one for each command, by its method's name, or its error")
            : .sometimes("result", result)
        APISchema.oneOf([done, .sometimes("error", .named("Error"))]).write(to: &output)
    }
}

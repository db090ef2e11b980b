import HTTPTypes
import NIOCore
import NIOSSL
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol


